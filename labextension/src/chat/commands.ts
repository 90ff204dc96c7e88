/** The chat's commands: in the palette, in the notebook's menu, on a key (see `schema/settings.json`). */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { type ExportFormat, saveConversation } from '../history/save';
import { lineOf } from '../rest';
import { ISpark, ISparkChat } from '../tokens';
import { sparkIcon } from './icon';

export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-spark-ai:commands',
  description: 'The commands of the sidebar chat.',
  autoStart: true,
  requires: [ISpark, ISparkChat, INotebookTracker],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    spark: ISpark,
    chat: ISparkChat,
    tracker: INotebookTracker,
    palette: ICommandPalette | null
  ) => {
    const all = { ...askingCommands(spark, chat), ...panelCommands(app, spark, chat) };
    for (const [name, options] of Object.entries(all)) {
      const command = `jupyter-spark:${name}`;
      app.commands.addCommand(command, { describedBy: { args: NO_ARGUMENTS }, ...options });
      palette?.addItem({ command, category: 'Spark' });
    }
    // The state of a command is shown in menus and on buttons.
    spark.store.watch(() => app.commands.notifyCommandChanged());
    tracker.activeCellChanged.connect(() => app.commands.notifyCommandChanged());
  }
};

type Commands = Record<string, CommandRegistry.ICommandOptions>;

const NO_ARGUMENTS = { type: 'object', properties: {} };
const WORDS = {
  type: 'object',
  properties: { words: { type: 'string', description: 'What to ask; it is written into the composer.' } }
};

function askingCommands({ trans }: ISpark, chat: ISparkChat): Commands {
  return {
    ask: {
      label: trans.__('Ask Spark'),
      caption: trans.__('Open the chat and put the caret into its composer'),
      icon: sparkIcon,
      describedBy: { args: WORDS },
      execute: (args: ReadonlyPartialJSONObject) => chat.ask(typeof args.words === 'string' ? args.words : undefined)
    }
  };
}

function panelCommands(app: JupyterFrontEnd, spark: ISpark, chat: ISparkChat): Commands {
  const { store, trans } = spark;
  const save = (format: ExportFormat) => async (): Promise<void> => {
    const conversation = store.current;
    if (conversation?.turns.length) {
      try {
        const metadata = notebookMetadata(spark);
        const path = await saveConversation(app.serviceManager.contents, conversation, format, metadata);
        store.tell(trans.__('Saved as %1', path));
        await app.commands.execute('docmanager:open', { path });
      } catch (error) {
        store.tell(trans.__('The conversation was not saved: %1', lineOf(error)));
      }
    }
  };
  const hasTurns = (): boolean => !!store.current?.turns.length;
  return {
    stop: {
      label: trans.__('Stop the Answer'),
      caption: trans.__('Stop the answer that arrives in the chat'),
      isEnabled: () => !!store.current?.running,
      execute: () => store.stop()
    },
    'toggle-chat': {
      label: trans.__('Show or Hide the Spark Chat'),
      caption: trans.__('Open the chat beside the notebook, or close it'),
      icon: sparkIcon,
      execute: () => chat.toggle()
    },
    'switch-tier': {
      label: trans.__('Switch between the Fast and the Deep Tier'),
      caption: trans.__('Let the other tier answer from now on'),
      execute: () => store.setTier(store.tier === 'spark' ? 'deep' : 'spark')
    },
    'new-conversation': {
      label: trans.__('New Conversation'),
      caption: trans.__('Begin anew about the same notebook; the conversation of before stays in the history'),
      isEnabled: hasTurns,
      execute: () => {
        store.startAnew();
        spark.context.resetChoice();
        chat.ask();
      }
    },
    'export-notebook': {
      label: trans.__('Export the Conversation as a Notebook'),
      caption: trans.__('Save what was said beside the notebook, with its code in cells'),
      isEnabled: hasTurns,
      execute: save('notebook')
    },
    'export-markdown': {
      label: trans.__('Export the Conversation as Markdown'),
      caption: trans.__('Save what was said beside the notebook, as text'),
      isEnabled: hasTurns,
      execute: save('markdown')
    }
  };
}

/** The kernel and language of the notebook that was talked about. */
function notebookMetadata(spark: ISpark): Record<string, unknown> {
  const shared = spark.context.panel?.context.model?.sharedModel;
  const kernelspec = shared?.getMetadata('kernelspec');
  return kernelspec ? { kernelspec } : {};
}
