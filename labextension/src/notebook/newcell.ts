/** Cells that were made for an answer: one that nobody wants goes again, also after the page was loaded anew. */

import type { NotebookPanel } from '@jupyterlab/notebook';

/** Stands in the metadata of such a cell until its answer is taken. */
export const NEW_CELL_KEY = 'jupyter_spark_new';

/** What is used of a cell; Lab's shared cells have it. */
interface INewCell {
  readonly id: string;
  getSource(): string;
  getMetadata(key: string): unknown;
  deleteMetadata(key: string): void;
}

export function isNewCell(cell: Pick<INewCell, 'getMetadata'> | null): boolean {
  return cell?.getMetadata(NEW_CELL_KEY) === true;
}

/** A cell is the user's own from now on. */
export function keepNewCell(cell: Partial<INewCell> | null): void {
  if (cell?.getMetadata?.(NEW_CELL_KEY) === true) {
    cell.deleteMetadata?.(NEW_CELL_KEY);
  }
}

/** Nothing was taken: the cell that was made for it goes, unless the user wrote into it. */
export function removeIfEmpty(panel: NotebookPanel, cellId: string): void {
  const shared = panel.isDisposed ? null : panel.content.model?.sharedModel;
  const index = shared?.cells.findIndex(cell => cell.id === cellId) ?? -1;
  if (shared && index >= 0 && !shared.getCell(index).getSource().trim()) {
    shared.deleteCell(index);
  }
}

/** After a load, of what nothing comes any more: empty ones go, the others are the user's own. */
export function tidyNewCells(panel: NotebookPanel, isAwaited: (cellId: string) => boolean): void {
  const cells = (panel.content.model?.sharedModel.cells ?? []) as readonly unknown[] as readonly INewCell[];
  for (const cell of cells.filter(one => isNewCell(one) && !isAwaited(one.id))) {
    if (cell.getSource().trim()) {
      keepNewCell(cell);
    } else if (!panel.content.model?.collaborative) {
      removeIfEmpty(panel, cell.id); // where others work on it, too, one of them may wait for its answer
    }
  }
}
