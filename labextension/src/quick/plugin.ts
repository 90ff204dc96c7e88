/** One click on a cell: instructions of the settings, and explaining. Adapts them to JupyterLab, and nothing more. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import type { Cell } from '@jupyterlab/cells';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import type { CommandRegistry } from '@lumino/commands';
import { ISpark, ISparkChat, ISparkEdits } from '../tokens';
import { askQuick } from './asking';
import { explainInChat, explainInNotebook } from './explain';
import { type IQuickInstruction, readInstruction } from './instructions';
import { argumentsOf, fillMenu, openAt, quickMenu } from './menu';

const CATEGORY = 'Spark';
const NO_ARGUMENTS = { type: 'object', properties: {} };
const QUICK_ARGUMENTS = {
  type: 'object',
  properties: {
    label: { type: 'string', description: 'What the command is called.' },
    instruction: { type: 'string', description: 'What is asked of the model.' },
    kind: {
      type: 'string',
      enum: ['rewrite', 'generate'],
      description: 'Whether the cell is changed, or a new one is written below it.'
    }
  },
  required: ['label', 'instruction']
};

export const quickPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-spark-ai:quick',
  description: 'Instructions for one click, and explanations of cells.',
  autoStart: true,
  requires: [ISpark, ISparkChat, ISparkEdits, INotebookTracker],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    spark: ISpark,
    chat: ISparkChat,
    edits: ISparkEdits,
    tracker: INotebookTracker,
    palette: ICommandPalette | null
  ) => {
    const menu = quickMenu(app.commands, spark.trans);
    const all = {
      ...explainCommands(spark, chat, tracker),
      ...quickCommands(app, spark, edits, tracker),
      'quick-menu': {
        label: spark.trans.__('Spark: One Click for This Cell…'),
        caption: spark.trans.__('Document, test, type, make faster, explain'),
        isEnabled: () => tracker.activeCell !== null,
        // The palette first gives the keyboard back, and would take it from the menu.
        execute: () => withActive(tracker, (_, cell) => void window.setTimeout(() => openAt(menu, cell.node), 50))
      }
    };
    for (const [name, options] of Object.entries<CommandRegistry.ICommandOptions>(all)) {
      app.commands.addCommand(`jupyter-spark:${name}`, { describedBy: { args: NO_ARGUMENTS }, ...options });
    }
    for (const name of ['explain-cell', 'explain-cell-in-notebook', 'quick-menu', 'edit-quick']) {
      palette?.addItem({ command: `jupyter-spark:${name}`, category: CATEGORY });
    }
    app.contextMenu.addItem({ type: 'submenu', submenu: menu, selector: '.jp-Notebook .jp-CodeCell', rank: 20.35 });
    followSettings(spark, instructions => {
      fillMenu(menu, instructions);
      return instructions.flatMap(
        one => palette?.addItem({ command: 'jupyter-spark:quick', args: argumentsOf(one), category: CATEGORY }) ?? []
      );
    });
  }
};

/** An item of the palette. */
interface IShownItem {
  dispose(): void;
}

type Commands = Record<string, CommandRegistry.ICommandOptions>;

function quickCommands(app: JupyterFrontEnd, spark: ISpark, edits: ISparkEdits, tracker: INotebookTracker): Commands {
  const { trans } = spark;
  return {
    quick: {
      label: args => readInstruction(args)?.label ?? trans.__('Ask with a Quick Instruction'),
      caption: args =>
        readInstruction(args)?.instruction ?? trans.__('One of the instructions in the settings, for the active cell'),
      describedBy: { args: QUICK_ARGUMENTS },
      isEnabled: args => readInstruction(args) !== null && hasText(tracker.activeCell, 'code') && !isLocked(tracker),
      execute: args => {
        const quick = readInstruction(args);
        if (quick && hasText(tracker.activeCell, 'code')) {
          withActive(tracker, (panel, cell) => askQuick(edits, panel, cell, quick));
        }
      }
    },
    'edit-quick': {
      label: trans.__('Edit the One-Click Instructions…'),
      caption: trans.__('Open the settings of the one-click instructions'),
      execute: () => app.commands.execute('settingeditor:open', { query: 'Spark' })
    }
  };
}

function explainCommands(spark: ISpark, chat: ISparkChat, tracker: INotebookTracker): Commands {
  const { trans } = spark;
  const isEnabled = (): boolean => hasText(tracker.activeCell, 'code', 'markdown');
  const act = (run: typeof explainInNotebook | typeof explainInChat) => (): void => {
    if (isEnabled()) {
      withActive(tracker, (panel, cell) => void run(spark, chat, panel, cell));
    }
  };
  return {
    'explain-cell': {
      label: trans.__('Explain This Cell'),
      caption: trans.__('Explain the cell, or what is selected in it, in the chat'),
      isEnabled,
      execute: act(explainInChat)
    },
    'explain-cell-in-notebook': {
      label: trans.__('Explain in a Markdown Cell'),
      caption: trans.__('Explain the cell in the chat; then the answer stands in a Markdown cell above it'),
      isEnabled,
      execute: act(explainInNotebook)
    }
  };
}

/** Show the instructions of the settings, now and after every change. */
function followSettings(spark: ISpark, show: (instructions: readonly IQuickInstruction[]) => IShownItem[]): void {
  let shown = '';
  let items: IShownItem[] = [];
  const take = (): void => {
    const { quickInstructions } = spark.options.current;
    const now = JSON.stringify(quickInstructions);
    if (now !== shown) {
      shown = now;
      items.forEach(item => item.dispose());
      items = show(quickInstructions);
    }
  };
  spark.options.watch(take);
  take();
}

function hasText(cell: Cell | null, ...types: string[]): boolean {
  return !!cell && types.includes(cell.model.type) && cell.model.sharedModel.getSource().trim() !== '';
}

function isLocked(tracker: INotebookTracker): boolean {
  return tracker.activeCell?.model.getMetadata('editable') === false;
}

function withActive(tracker: INotebookTracker, run: (panel: NotebookPanel, cell: Cell) => void): void {
  const [panel, cell] = [tracker.currentWidget, tracker.activeCell];
  if (panel && cell) {
    run(panel, cell);
  }
}
