/** What a refactor uses of an open notebook: its cells, and where they go. */

import type { ISpotCell, ISpotNotebook } from '../edit/spot';

/** A cell as nbformat has it. */
export type CellJson = { id?: string; cell_type: string; source: string | string[] } & Record<string, unknown>;

/** What is used of a cell; Lab's shared cells have it. */
export interface IReviewedCell extends ISpotCell {
  toJSON(): unknown;
}

/** What is used of a notebook; Lab's shared notebooks have it. */
export interface IReviewedNotebook extends ISpotNotebook {
  readonly cells: readonly IReviewedCell[];
  insertCell(index: number, cell: CellJson): unknown;
  deleteCell(index: number): void;
  moveCell(from: number, to: number): void;
  /** The Y class has it, the interface of Lab's shared notebooks does not. */
  readonly undoManager?: { stopCapturing(): void } | null;
}

export function idsOf(notebook: IReviewedNotebook): string[] {
  return notebook.cells.map(cell => cell.id);
}

export function cellOf(notebook: IReviewedNotebook, cellId: string): IReviewedCell | null {
  return notebook.cells.find(cell => cell.id === cellId) ?? null;
}

export function isLocked(cell: IReviewedCell, key: 'editable' | 'deletable'): boolean {
  return cell.getMetadata(key) === false;
}

/** Change the order or number of cells: one undo step of the notebook's own. */
export function rearrange(notebook: IReviewedNotebook, change: () => void): void {
  notebook.undoManager?.stopCapturing();
  change();
  notebook.undoManager?.stopCapturing();
}

/**
 * The index behind the cell that stood before this one in an earlier order, or behind the nearest before that which is
 * still there; 0 if none is.
 */
export function indexAfter(ids: readonly string[], order: readonly string[], cellId: string): number {
  for (let place = order.indexOf(cellId) - 1; place >= 0; place--) {
    const index = ids.indexOf(order[place] as string);
    if (index >= 0) {
      return index + 1;
    }
  }
  return 0;
}

/** Put a cell where `index` counts the cells without it. */
export function moveTo(notebook: IReviewedNotebook, cellId: string, index: number): void {
  const from = idsOf(notebook).indexOf(cellId);
  if (from >= 0 && from !== index) {
    // Where it ends up, counted with it: the same number, as it is taken out first.
    rearrange(notebook, () => notebook.moveCell(from, index));
  }
}
