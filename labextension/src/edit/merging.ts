/** Cells that are merged: their proposals stand in the merged cell, and in their own again when the merge is undone. */

import { aroundOf, NOTHING_AROUND } from './around';
import type { Asking } from './asking';
import type { ISpotNotebook, Spot, Spots } from './spot';

export class Merging {
  constructor(
    private readonly _spots: Spots,
    private readonly _asking: Asking
  ) {}

  /**
   * The cell of a place is gone; say whether its proposal stands elsewhere now.
   *
   * @param added - the cells that came as this one went
   */
  follow(spot: Spot, added: ReadonlySet<string>): boolean {
    return this._backToOwn(spot) || this._intoMerged(spot, added);
  }

  private _intoMerged(spot: Spot, added: ReadonlySet<string>): boolean {
    const { suggestion, notebook } = spot;
    for (const cell of suggestion ? notebook.cells : []) {
      const around = added.has(cell.id) ? aroundOf(suggestion?.base ?? '', cell.getSource()) : null;
      if (around && suggestion?.surround(around)) {
        const merged = this._spots.at(notebook, cell.id);
        this._asking.move(spot, merged);
        this._from.set(merged, spot);
        return true;
      }
    }
    return false;
  }

  private _backToOwn(merged: Spot): boolean {
    const own = this._from.get(merged);
    if (!own || !isThere(own.notebook, own.cellId) || !merged.suggestion?.surround(NOTHING_AROUND)) {
      return false;
    }
    this._asking.move(merged, own);
    return true;
  }

  private readonly _from = new WeakMap<Spot, Spot>();
}

function isThere(notebook: ISpotNotebook, cellId: string): boolean {
  return notebook.cells.some(cell => cell.id === cellId);
}
