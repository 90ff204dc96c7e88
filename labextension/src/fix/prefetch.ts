/**
 * Fixes that are made ready before the user asks for them.
 *
 * One at a time: the newest error counts, and what runs for an older one is stopped. A fix is let go as soon as its
 * cell, or its error, is not what it was made from. Free of JupyterLab.
 */

import type { Turn } from '../chat/turn';
import { Watched } from '../watched';
import { type IFailure, isSame } from './failure';

interface IMade {
  readonly failure: IFailure;
  readonly turn: Turn;
}

export type PrefetchState = 'none' | 'running' | 'ready';

/** Fixes by their place: a cell of a notebook. */
export class Prefetch extends Watched {
  constructor(private readonly _stop: (turn: Turn) => void) {
    super();
  }

  /** Make a fix ready; `ask` asks for one that nobody sees yet. */
  begin(place: string, failure: IFailure, ask: () => Turn): void {
    if (isSame(failure, this._made.get(place)?.failure ?? null)) {
      return;
    }
    for (const [other, { turn }] of this._made) {
      if (!turn.ended || other === place) {
        this.drop(other);
      }
    }
    const turn = ask();
    this._made.set(place, { failure, turn });
    const leave = turn.watch({
      onStream: () => undefined,
      onRestart: () => undefined,
      onChange: () => {
        if (turn.ended) {
          leave();
          this._ended(place, turn);
        }
      }
    });
    this.changed();
  }

  /** The fix of a failure, running or ended: it is the caller's now. */
  take(place: string, failure: IFailure): Turn | null {
    const made = this._made.get(place);
    if (!made || !isSame(failure, made.failure)) {
      this.drop(place);
      return null;
    }
    this._made.delete(place);
    this.changed();
    return made.turn;
  }

  /** Let go of a place's fix unless it still is what it was made from. */
  keep(place: string, failure: IFailure | null): void {
    const made = this._made.get(place);
    if (made && !isSame(made.failure, failure)) {
      this.drop(place);
    }
  }

  drop(place: string): void {
    const made = this._made.get(place);
    if (made) {
      this._made.delete(place);
      if (!made.turn.ended) {
        this._stop(made.turn);
      }
      this.changed();
    }
  }

  /** Let go of everything: it was switched off. */
  clear(): void {
    [...this._made.keys()].forEach(place => this.drop(place));
  }

  state(place: string): PrefetchState {
    const made = this._made.get(place);
    return made ? (made.turn.ended ? 'ready' : 'running') : 'none';
  }

  /** A turn that brought nothing is no fix: a click asks anew, and says what is wrong. */
  private _ended(place: string, turn: Turn): void {
    if (this._made.get(place)?.turn === turn && (turn.state !== 'done' || !turn.proposal)) {
      this._made.delete(place);
    }
    this.changed();
  }

  private readonly _made = new Map<string, IMade>();
}
