/** Keeps the row of each error in the notebooks that are open: cells come and go, and so do their outputs. */

import type { Cell, CodeCell } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { FixRow } from './button';
import { failureOf, type IFailure } from './failure';

export interface IRowMaker {
  make(panel: NotebookPanel, cell: CodeCell): FixRow;
  /** A cell's text, outputs or metadata have changed, or the cell is gone (no failure). */
  looked(panel: NotebookPanel, cellId: string, failure: IFailure | null, row: FixRow | null): void;
}

/**
 * Watches the models, not the page: a cell that is far away has its outputs long before it is drawn.
 *
 * The row stands behind the outputs in their own element. Lab inserts outputs before what stands at their place, so the
 * last child is in nobody's way, and it is hidden, scrolled and shown with them.
 */
export class FixRows {
  constructor(
    tracker: INotebookTracker,
    private readonly _maker: IRowMaker
  ) {
    tracker.widgetAdded.connect((_, panel) => this._follow(panel));
    tracker.forEach(panel => this._follow(panel));
  }

  /** Look at every cell again. */
  refresh(): void {
    this._rows.forEach((row, cell) => this._look(row.panel, cell));
  }

  /** What failed in a cell now. */
  failure(cell: Cell): IFailure | null {
    return cell.model.type === 'code' ? failureOf(cell.model) : null;
  }

  private _follow(panel: NotebookPanel): void {
    void panel.context.ready.then(() => {
      const model = panel.content.model;
      if (!model || panel.isDisposed) {
        return;
      }
      // The widgets of new cells are made right after their models.
      const later = (): void => void window.setTimeout(() => this._followCells(panel));
      model.cells.changed.connect(later);
      this._followCells(panel);
    });
  }

  private _followCells(panel: NotebookPanel): void {
    if (panel.isDisposed) {
      return;
    }
    for (const cell of panel.content.widgets) {
      if (cell.model.type === 'code' && !this._rows.has(cell as CodeCell)) {
        this._followCell(panel, cell as CodeCell);
      }
    }
  }

  private _followCell(panel: NotebookPanel, cell: CodeCell): void {
    this._rows.set(cell, { panel, row: null });
    const cellId = cell.model.id;
    let isDue = false;
    // Outputs may come many times a second, and typing must not wait.
    const later = (): void => {
      if (!isDue) {
        isDue = true;
        window.setTimeout(() => {
          isDue = false;
          if (!cell.isDisposed) {
            this._look(panel, cell);
          }
        });
      }
    };
    cell.model.outputs.changed.connect(later);
    cell.model.contentChanged.connect(later);
    cell.disposed.connect(() => {
      this._rows.delete(cell);
      // A cell that is moved is another object with the same id a moment later.
      window.setTimeout(() => {
        const stays = !panel.isDisposed && panel.content.widgets.some(other => other.model.id === cellId);
        if (!stays) {
          this._maker.looked(panel, cellId, null, null);
        }
      });
    });
    this._look(panel, cell);
  }

  private _look(panel: NotebookPanel, cell: CodeCell): void {
    const kept = this._rows.get(cell);
    if (!kept) {
      return;
    }
    const failure = this.failure(cell);
    if (failure) {
      kept.row ??= this._maker.make(panel, cell);
      const { node } = cell.outputArea;
      if (node.lastChild !== kept.row.element) {
        node.append(kept.row.element);
      }
    } else if (kept.row) {
      kept.row.element.remove();
      kept.row = null;
    }
    this._maker.looked(panel, cell.model.id, failure, kept.row);
  }

  private readonly _rows = new Map<CodeCell, { panel: NotebookPanel; row: FixRow | null }>();
}
