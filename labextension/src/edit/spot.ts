/** Places in notebooks where an edit is asked for or proposed: one for each cell. */

import type { EditorView } from '@codemirror/view';
import type { IEditableCell } from '../chat/cells';
import { Watched } from '../watched';
import type { IHunk } from './linediff';
import type { Suggestion } from './suggestion';
import type { IWritableCell } from './write';

/** What is used of a cell; Lab's shared cells have it. */
export interface ISpotCell extends IEditableCell, IWritableCell {
  getMetadata(key: string): unknown;
  undo?(): void;
  redo?(): void;
  readonly changed?: { connect(slot: () => void): unknown };
  deleteMetadata?(key: string): void;
}

/** What is used of a notebook; Lab's shared notebooks have it. A moved cell is another object with the same id. */
export interface ISpotNotebook {
  readonly cells: readonly ISpotCell[];
}

/** What was written into a cell: its whole text before and after. */
export interface ITaken {
  readonly before: string;
  readonly after: string;
}

/** A change of a proposal that the user puts into other words. */
export interface IRevision {
  readonly hunk: IHunk;
  /** The whole proposal as it was when the user began. */
  readonly whole: string;
  /** What the user has written by now. */
  text: string;
  /** Whether the keyboard is still to go there. */
  isNew: boolean;
}

/** One cell, found by its notebook and its id, whatever becomes of its place, its widget or the notebook's name. */
export class Spot extends Watched {
  constructor(
    readonly notebook: ISpotNotebook,
    readonly cellId: string
  ) {
    super();
  }

  /** The editors that show the cell. */
  readonly views = new Set<EditorView>();
  /** Whether the prompt is open, and what it is about beside this cell. */
  isAsking = false;
  others: readonly Spot[] = [];
  /** The cells that were asked together, this one among them, in the notebook's order; empty if it was asked alone. */
  together: readonly Spot[] = [];
  /** The words that were sent last for what is shown. */
  sent = '';
  /** Whether the prompt is to have the keyboard as soon as it is drawn, and when it last went away with it. */
  wantsKeyboard = false;
  leftAt = -Infinity;
  /** What stands in the prompt; kept here, as an editor may come and go. */
  draft = '';
  /** A line for the reader: why something could not be done. */
  word = '';
  /** What more there is to it. */
  more: { readonly label: string; readonly run: () => void } | null = null;
  /** Makes the cell look again as it did before it was opened for an edit. */
  restore: () => void = () => undefined;
  /** The change that the user is putting into other words. */
  revision: IRevision | null = null;
  /** What was taken last, so that it can be given back. */
  taken: ITaken | null = null;
  /** The language of the cell. */
  mimeType: () => string = () => 'text/x-python';
  /** Parts of the cell that the reader unfolded, by line. */
  unfolded: ReadonlySet<number> = new Set();

  get suggestion(): Suggestion | null {
    return this._suggestion;
  }

  get cell(): ISpotCell | null {
    return this.notebook.cells.find(cell => cell.id === this.cellId) ?? null;
  }

  /** Whether the user may not change the cell. */
  get isLocked(): boolean {
    return this.cell?.getMetadata('editable') === false;
  }

  /** Show a proposal in the place of the one before. */
  propose(suggestion: Suggestion | null): void {
    this._leave?.();
    this._suggestion = suggestion;
    this.unfolded = new Set();
    this.word = '';
    this.more = null;
    this.revision = null;
    this.sent = '';
    this._leave = suggestion?.watch(() => this.changed()) ?? null;
    this.changed();
  }

  tell(word: string, more: Spot['more'] = null): void {
    this.word = word;
    this.more = more;
    this.changed();
  }

  private _suggestion: Suggestion | null = null;
  private _leave: (() => void) | null = null;
}

/** All places; they tell their watchers of every change in one of them. */
export class Spots extends Watched {
  /** Called with every place that has changed. */
  onChanged: (spot: Spot) => void = () => undefined;
  /** Called with a place whose prompt must be there before the next key comes down: that would go into the cell. */
  onAsked: (spot: Spot) => void = () => undefined;

  /** The place of a cell. */
  at(notebook: ISpotNotebook, cellId: string): Spot {
    let spots = this._spots.get(notebook);
    if (!spots) {
      spots = new Map();
      this._spots.set(notebook, spots);
    }
    let spot = spots.get(cellId);
    if (!spot) {
      spot = new Spot(notebook, cellId);
      const made = spot;
      made.watch(() => {
        this.onChanged(made);
        this.changed();
      });
      spots.set(cellId, made);
    }
    return spot;
  }

  /** The place of a cell, if anything ever happened there. */
  find(notebook: ISpotNotebook, cellId: string): Spot | null {
    return this._spots.get(notebook)?.get(cellId) ?? null;
  }

  /** The places of a notebook, in the order of its cells. */
  of(notebook: ISpotNotebook): Spot[] {
    const spots = this._spots.get(notebook);
    return spots ? notebook.cells.flatMap(cell => spots.get(cell.id) ?? []) : [];
  }

  /** The places of a notebook whose cells are gone. */
  orphans(notebook: ISpotNotebook): Spot[] {
    const ids = new Set(notebook.cells.map(cell => cell.id));
    return this.all(notebook).filter(spot => !ids.has(spot.cellId));
  }

  /** The places of a notebook, whether their cells are there or gone. */
  all(notebook: ISpotNotebook): Spot[] {
    return [...(this._spots.get(notebook)?.values() ?? [])];
  }

  forget(spot: Spot): void {
    this._spots.get(spot.notebook)?.delete(spot.cellId);
  }

  private readonly _spots = new WeakMap<ISpotNotebook, Map<string, Spot>>();
}
