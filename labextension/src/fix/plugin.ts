/** The Fix button beside errors: adapts it to JupyterLab, and nothing more. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import type { CodeCell } from '@jupyterlab/cells';
import { INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { labKeys } from '../edit/island';
import { ISpark, ISparkChat, ISparkEdits } from '../tokens';
import { FixRow } from './button';
import { isWorthPrefetching } from './failure';
import { Fixer, placeOf } from './fixer';
import { Prefetch } from './prefetch';
import { FixRows } from './rows';
import { notebookName } from '../notebook/name';

/** So long the kernel has to tell its variables; a fix that is made ready does not wait any longer. */
const PREFETCH_AFTER_MS = 400;

export const fixPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-spark-ai:fix',
  description: 'A button beside every error that fixes the cell.',
  autoStart: true,
  requires: [ISpark, ISparkChat, ISparkEdits, INotebookTracker],
  optional: [ICommandPalette],
  activate
};

function activate(
  app: JupyterFrontEnd,
  spark: ISpark,
  chat: ISparkChat,
  edits: ISparkEdits,
  tracker: INotebookTracker,
  palette: ICommandPalette | null
): void {
  const { trans, store } = spark;
  const prefetch = new Prefetch(turn => spark.channel.stop(turn.id));
  const fixer = new Fixer(spark, edits, prefetch);
  const rows: FixRows = new FixRows(tracker, {
    make: (panel, cell) =>
      new FixRow({
        trans,
        runKey: labKeys(app.commands),
        fix: () => fixer.fix(panel, cell, rows.failure(cell)),
        explain: () => explain(spark, chat, panel, cell, rows),
        leave: () => cell.node.focus({ preventScroll: true })
      }),
    looked: (panel, cellId, failure, row) => {
      const place = placeOf(panel, cellId);
      prefetch.keep(place, failure);
      row?.show(prefetch.state(place));
    }
  });
  prefetch.watch(() => rows.refresh());
  followRuns(spark, tracker, (panel, cell) => {
    const failure = rows.failure(cell);
    if (failure && isWorthPrefetching(failure, cell.model)) {
      const { cellId } = failure;
      const asking = {
        ...fixer.asking(panel, cellId, failure),
        cellId,
        notebook: notebookName(panel.context.path),
        isInCell: true
      };
      prefetch.begin(placeOf(panel, cellId), failure, () => store.askAside({ ...asking, kind: 'fix' }));
    }
  });
  spark.options.watch(() => {
    if (!spark.options.current.prefetchFixes) {
      prefetch.clear();
    }
  });
  const command = 'jupyter-spark:fix-cell';
  app.commands.addCommand(command, {
    label: trans.__('Fix This Cell'),
    caption: trans.__('Fix the error of this cell; the change is shown in the cell'),
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: () => tracker.activeCell?.model.type === 'code',
    execute: () => {
      const [panel, cell] = [tracker.currentWidget, tracker.activeCell];
      if (panel && cell?.model.sharedModel.getSource().trim()) {
        fixer.fix(panel, cell, rows.failure(cell));
      }
    }
  });
  palette?.addItem({ command, category: 'Spark' });
}

/** After a run that failed, and a moment for the kernel to tell its variables. */
function followRuns(
  spark: ISpark,
  tracker: INotebookTracker,
  begin: (panel: NotebookPanel, cell: CodeCell) => void
): void {
  let timer = 0;
  NotebookActions.executed.connect((_, { notebook, cell, success }) => {
    const panel = tracker.find(panel => panel.content === notebook);
    if (success || !panel || !spark.options.current.prefetchFixes) {
      return;
    }
    window.clearTimeout(timer); // of errors that come at once, the last one
    timer = window.setTimeout(() => {
      const isFree =
        !cell.isDisposed &&
        spark.context.panel === panel &&
        !spark.store.about(notebookName(panel.context.path)).running;
      if (isFree && spark.options.current.prefetchFixes) {
        begin(panel, cell as CodeCell);
      }
    }, PREFETCH_AFTER_MS);
  });
}

function explain(spark: ISpark, chat: ISparkChat, panel: NotebookPanel, cell: CodeCell, rows: FixRows): void {
  const failure = rows.failure(cell);
  const { store, trans, context } = spark;
  if (!failure) {
    return;
  }
  chat.ask();
  if (store.about(notebookName(panel.context.path)).running) {
    store.tell(trans.__('An answer is on its way. Stop it first, or say more to redirect it.'));
    return;
  }
  store.send({
    kind: 'explain',
    instruction: trans.__('Explain this error: what went wrong, and what to do about it.'),
    cellId: failure.cellId,
    notebook: notebookName(panel.context.path),
    extras: {
      ...(context.panel === panel ? context.request('') : {}),
      cell_id: failure.cellId,
      selection: '',
      error: failure.report,
      error_cell_id: failure.cellId
    }
  });
}
