/** The proposals of a notebook that is closed: they stand in its cells again when it is opened again. */

import type { Asking } from './asking';
import type { ISpotNotebook, Spot, Spots } from './spot';

export class Reopening {
  constructor(
    private readonly _spots: Spots,
    private readonly _asking: Asking
  ) {}

  /** A notebook was closed. What a kernel makes is told again by the kernel. */
  closed(name: string, notebook: ISpotNotebook): void {
    const open = this._spots
      .all(notebook)
      .filter(({ suggestion }) => suggestion?.isOpen && this._asking.makerOf(suggestion) === null);
    this._closed.set(name, open);
  }

  /** A notebook was opened, maybe again. */
  opened(notebook: ISpotNotebook, name: () => string): void {
    const before = this._closed.get(name()) ?? [];
    this._closed.delete(name());
    for (const spot of before) {
      if (notebook.cells.some(cell => cell.id === spot.cellId)) {
        this._asking.move(spot, this._spots.at(notebook, spot.cellId), name);
      } else {
        this._asking.turnOf(spot.suggestion)?.leaveCell(); // it stands in the chat
      }
    }
  }

  private readonly _closed = new Map<string, Spot[]>();
}
