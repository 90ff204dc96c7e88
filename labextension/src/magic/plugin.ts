/** `%%spark` in notebooks: adapts the kernel's line to JupyterLab, and nothing more. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { UUID } from '@lumino/coreutils';
import { notebookName } from '../notebook/name';
import type { IWatchedNotebook } from '../notebook/sync';
import { ISpark, ISparkEdits, ISparkRefactors } from '../tokens';
import { CellTurns, type ICells } from './cellturns';
import { LabKernel } from './labkernel';
import { isOurs, KernelLink } from './link';

export const magicPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-spark-ai:magic',
  description:
    'Shows the edits of %%spark in the cells and its refactors in their tab, and tells the kernel the notebook as it stands in the page.',
  autoStart: true,
  requires: [ISpark, ISparkEdits, INotebookTracker],
  optional: [ISparkRefactors],
  activate: (
    _app: JupyterFrontEnd,
    spark: ISpark,
    edits: ISparkEdits,
    tracker: INotebookTracker,
    refactors: ISparkRefactors | null
  ) => {
    new Magic(spark, edits, tracker, refactors);
  }
};

const RESTARTS = new Set(['restarting', 'autorestarting', 'dead']);

/** Keeps a link for each notebook with a kernel. */
class Magic {
  constructor(
    private readonly _spark: ISpark,
    private readonly _edits: ISparkEdits,
    tracker: INotebookTracker,
    private readonly _refactors: ISparkRefactors | null
  ) {
    tracker.widgetAdded.connect((_, panel) => void this._add(panel));
    tracker.forEach(panel => void this._add(panel));
    NotebookActions.executionScheduled.connect((_, { notebook, cell }) => {
      const panel = tracker.find(panel => panel.content === notebook);
      if (panel && isOurs(cell.model.sharedModel.getSource())) {
        this._announce(panel, cell.model.id);
      }
    });
  }

  private _announce(panel: NotebookPanel, cellId: string): void {
    const again = this._again === cellId;
    this._again = '';
    try {
      this._links.get(panel)?.announce(cellId, again);
    } catch (error) {
      console.warn('The kernel could not be told the notebook.', error); // it answers from what it knows
    }
  }

  private async _add(panel: NotebookPanel): Promise<void> {
    await panel.context.ready;
    if (panel.isDisposed) {
      return;
    }
    const { sessionContext } = panel;
    const connect = (): void => {
      this._links.get(panel)?.dispose();
      this._links.delete(panel);
      const kernel = sessionContext.session?.kernel;
      const notebook = panel.content.model?.sharedModel as unknown as IWatchedNotebook | undefined;
      if (kernel && notebook) {
        const { trans } = this._spark;
        const words = {
          gone: trans.__('The kernel was restarted in mid-answer.'),
          again: trans.__('Run the cell again.')
        };
        const cells = this._cells(panel);
        const make = (send: ConstructorParameters<typeof CellTurns>[1]): CellTurns => new CellTurns(cells, send, words);
        const link = new KernelLink(new LabKernel(kernel), notebook, UUID.uuid4(), make);
        this._links.set(panel, link);
        link.takeUp().catch(console.warn);
      }
    };
    sessionContext.kernelChanged.connect(connect);
    sessionContext.statusChanged.connect((_, status) => {
      if (RESTARTS.has(status)) {
        this._links.get(panel)?.restarted();
      }
    });
    panel.disposed.connect(() => {
      this._links.get(panel)?.dispose();
      this._links.delete(panel);
    });
    connect();
  }

  private _cells(panel: NotebookPanel): ICells {
    const find = (id: string): NotebookPanel['content']['widgets'][number] | undefined =>
      panel.content.widgets.find(cell => cell.model.id === id);
    return {
      open: (told, maker) => this._edits.open(panel, told.cell_id, told.base, maker),
      source: id => find(id)?.model.sharedModel.getSource() ?? null,
      notebook: () => notebookName(panel.context.path),
      onActivity: (turnId, what) => this._spark.activity.onTurn(turnId, what),
      judge: frame => this._spark.channel.judge(frame),
      review: asked => this._refactors && this._refactors.answer(panel, asked),
      retry: ({ cell_id: id, instruction }) => {
        const cell = find(id);
        if (cell && isOurs(cell.model.sharedModel.getSource())) {
          this._again = id;
          void NotebookActions.runCells(panel.content, [cell], panel.sessionContext);
        } else {
          this._edits.ask(panel, id, { kind: 'rewrite', instruction });
        }
      }
    };
  }

  private readonly _links = new Map<NotebookPanel, KernelLink>();
  /** The cell whose next run is another try. */
  private _again = '';
}
