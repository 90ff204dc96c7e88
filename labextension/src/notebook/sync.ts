/**
 * Keeps the server's copy of a notebook fresh, so that a question sends only what changed since the last one.
 *
 * Cells are watched, not compared: the cost of a change does not grow with the notebook.
 */

import type { NotebookPanel } from '@jupyterlab/notebook';
import type { CellSnapshot, PageFrame } from '../_wire';
import { tagsOf } from '../context/keptout';
import { cellMark } from './mark';
import { notebookName } from './name';

/** What is watched of a cell; Lab's shared cells have it. */
interface IWatchedCell {
  readonly id: string;
  readonly cell_type: string;
  getSource(): string;
  execution_count?: number | null;
  getMetadata(key: string): unknown;
  readonly changed: ISignal;
}
interface ISignal {
  connect(slot: (sender: never, args: never) => void): boolean;
  disconnect(slot: (sender: never, args: never) => void): boolean;
}
/** What is watched of a notebook; Lab's shared notebooks have it. */
export interface IWatchedNotebook {
  readonly cells: readonly IWatchedCell[];
  getMetadata(key: string): unknown;
  readonly changed: ISignal;
}

const QUIET_MS = 250;

/** Watches one notebook and tells the server, a moment after the user rests and right before a question. */
export class NotebookSync {
  constructor(
    private readonly _notebook: IWatchedNotebook,
    private readonly _name: () => string,
    private readonly _send: (frame: PageFrame) => boolean,
    /** How long after a change it is told unasked; null for never. */
    private readonly _quietMs: number | null = QUIET_MS
  ) {
    this._notebook.changed.connect(this._onNotebook);
    this._watchCells();
  }

  /** Tell the server all cells by their marks: it has no memory of this page, or another order of them. */
  list(): void {
    const cells = this._notebook.cells.map(cell => ({
      cell_id: cell.id,
      mark: cellMark(cell.getSource(), tagsOf(cell))
    }));
    this._dirty.clear();
    this._reordered = false;
    this._language = languageOf(this._notebook);
    this._send({ type: 'cells_listed', notebook: this._name(), language: this._language, cells });
  }

  /** Send the cells whose text the server asked for. */
  answer(ids: readonly string[]): void {
    ids.forEach(id => this._dirty.add(id));
    this.push();
  }

  /** Send all, to somebody who knows nothing of this notebook. */
  pushAll(): void {
    this._notebook.cells.forEach(cell => this._dirty.add(cell.id));
    this._reordered = true;
    this.push();
  }

  /** Send what changed since the last time. */
  push(): void {
    window.clearTimeout(this._timer);
    this._timer = 0;
    if (!this._dirty.size && !this._reordered) {
      return;
    }
    const changed = this._notebook.cells.filter(cell => this._dirty.has(cell.id));
    const order = this._reordered ? this._notebook.cells.map(cell => cell.id) : null;
    if (this._send({ type: 'cells_changed', notebook: this._name(), cells: changed.map(asSnapshot), order })) {
      this._dirty.clear();
      this._reordered = false;
    }
  }

  dispose(): void {
    window.clearTimeout(this._timer);
    this._notebook.changed.disconnect(this._onNotebook);
    this._watched.forEach((slot, cell) => cell.changed.disconnect(slot));
    this._watched.clear();
  }

  private _watchCells(): void {
    const cells = new Set(this._notebook.cells);
    for (const [cell, slot] of this._watched) {
      if (!cells.has(cell)) {
        cell.changed.disconnect(slot);
        this._watched.delete(cell);
      }
    }
    for (const cell of cells) {
      if (!this._watched.has(cell)) {
        const slot = (): void => {
          this._dirty.add(cell.id);
          this._later();
        };
        cell.changed.connect(slot);
        this._watched.set(cell, slot);
        this._dirty.add(cell.id);
      }
    }
  }

  private _later(): void {
    window.clearTimeout(this._timer);
    if (this._quietMs !== null) {
      this._timer = window.setTimeout(() => this.push(), this._quietMs);
    }
  }

  private readonly _onNotebook = (
    _sender: never,
    change: { cellsChange?: unknown; metadataChange?: unknown }
  ): void => {
    if (change.metadataChange && languageOf(this._notebook) !== this._language) {
      this.list(); // another kernel
    }
    if (change.cellsChange) {
      this._reordered = true;
      this._watchCells();
      this._later();
    }
  };

  private readonly _dirty = new Set<string>();
  private readonly _watched = new Map<IWatchedCell, () => void>();
  private _reordered = false;
  private _language = '';
  private _timer = 0;
}

/** Watch an open notebook. */
export function watchNotebook(context: NotebookPanel['context'], send: (frame: PageFrame) => boolean): NotebookSync {
  const shared = context.model.sharedModel as unknown as IWatchedNotebook;
  return new NotebookSync(shared, () => notebookName(context.path), send);
}

function asSnapshot(cell: IWatchedCell): CellSnapshot {
  const kind = cell.cell_type === 'markdown' || cell.cell_type === 'raw' ? cell.cell_type : 'code';
  return {
    cell_id: cell.id,
    kind,
    source: cell.getSource(),
    execution_count: cell.execution_count ?? null,
    tags: tagsOf(cell),
    editable: cell.getMetadata('editable') !== false,
    deletable: cell.getMetadata('deletable') !== false
  };
}

/** A notebook's language: what its kernel says of itself, else what its kernel's name says. */
function languageOf(notebook: IWatchedNotebook): string {
  const names = [
    (notebook.getMetadata('language_info') as { name?: unknown } | undefined)?.name,
    (notebook.getMetadata('kernelspec') as { language?: unknown } | undefined)?.language
  ];
  return names.find((name): name is string => typeof name === 'string' && name !== '') ?? 'python';
}
