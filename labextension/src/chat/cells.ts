/** What the chat does to a notebook's cells: each change is one undo step, and none overwrites what it has not seen. */

import type { CellEdit } from '../_wire';
import { type IMarkedCell, type IWriter, markProvenance, unmarkProvenance } from '../edit/provenance';
import { type IWritableCell, writeText } from '../edit/write';

/** What is used of a cell; Lab's shared cells have it. */
export interface IEditableCell extends IWritableCell, Partial<IMarkedCell> {
  readonly id: string;
  readonly cell_type: string;
}

/** What is used of an open notebook. */
export interface IEditableNotebook {
  readonly cells: readonly IEditableCell[];
  /** The index of the active cell. */
  readonly active: number;
  readonly language: string;
  /** Whether the user wants a note in a cell's metadata of who wrote it. */
  readonly notesWriters?: boolean;
  insert(index: number, source: string): string;
  activate(index: number): void;
  remove(cellId: string): void;
}

/** How a change went: `changed` means that the cell is not what the change was made from. */
export type Written = 'done' | 'changed' | 'gone';

/** Finds a notebook by its path, if it is open. */
export type FindNotebook = (path: string) => IEditableNotebook | null;

/** Write a cell's source if it still is what the new one was made from. */
export function writeCell(notebook: IEditableNotebook | null, cellId: string, from: string, to: string): Written {
  const cell = notebook?.cells.find(cell => cell.id === cellId);
  if (!cell) {
    return 'gone';
  }
  if (cell.getSource() !== from) {
    return 'changed';
  }
  writeText(cell, to);
  return 'done';
}

/** Take an edit; returns how it went and the cell that holds it. Who wrote it is noted if the user wants that. */
export function applyEdit(
  notebook: IEditableNotebook | null,
  edit: CellEdit,
  writer: IWriter | null = null
): [how: Written, cellId: string] {
  const [how, cellId] = put(notebook, edit);
  const cell = notebook?.cells.find(cell => cell.id === cellId);
  if (how === 'done' && writer && notebook?.notesWriters && isMarked(cell)) {
    markProvenance(cell, writer);
  }
  return [how, cellId];
}

function put(notebook: IEditableNotebook | null, edit: CellEdit): [how: Written, cellId: string] {
  if (edit.operation === 'replace') {
    return [writeCell(notebook, edit.cell_id, edit.old_source, edit.new_source), edit.cell_id];
  }
  const index = notebook?.cells.findIndex(cell => cell.id === edit.cell_id) ?? -1;
  return notebook && index >= 0 ? ['done', notebook.insert(index + 1, edit.new_source)] : ['gone', ''];
}

/** Take an edit back that was taken, unless its cell was changed since; with it goes the note of the turn. */
export function takeBack(notebook: IEditableNotebook | null, edit: CellEdit, cellId: string, turn = ''): Written {
  if (edit.operation === 'replace') {
    const how = writeCell(notebook, cellId, edit.new_source, edit.old_source);
    const cell = notebook?.cells.find(cell => cell.id === cellId);
    if (how === 'done' && isMarked(cell)) {
      unmarkProvenance(cell, turn);
    }
    return how;
  }
  const cell = notebook?.cells.find(cell => cell.id === cellId);
  if (!notebook || !cell) {
    return 'gone';
  }
  if (cell.getSource() !== edit.new_source) {
    return 'changed';
  }
  notebook.remove(cellId);
  return 'done';
}

function isMarked(cell: IEditableCell | undefined): cell is IEditableCell & IMarkedCell {
  return typeof cell?.setMetadata === 'function';
}

/** Bring a cell into view; false if it is gone. */
export function showCell(notebook: IEditableNotebook | null, cellId: string): boolean {
  const index = notebook?.cells.findIndex(cell => cell.id === cellId) ?? -1;
  if (!notebook || index < 0) {
    return false;
  }
  notebook.activate(index);
  return true;
}
