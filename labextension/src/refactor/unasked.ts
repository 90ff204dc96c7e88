/** Carries a refactor through without asking, as long as all of it holds. Free of JupyterLab. */

import type { NotebookRefactors } from './refactors';
import type { Review } from './review';

export class Unasked {
  /** @param _notHeld - what is said where it comes to its end, and not all of it holds */
  constructor(
    private readonly _refactors: NotebookRefactors,
    private readonly _review: Review,
    private readonly _notHeld: string
  ) {}

  /** Take the next step, if the last one has come to its end; false if there is none any more. */
  go(): boolean {
    const review = this._review;
    if (this._isGoing) {
      return true; // what it does itself tells of itself
    }
    this._isGoing = true;
    const goesOn = !review.problem && !review.hasNoPlan && !review.isLost && this._step();
    this._isGoing = false;
    return goesOn;
  }

  private _step(): boolean {
    const review = this._review;
    if (review.phase === 'ready') {
      return this._isVerifying || this._end();
    }
    if (review.phase === 'writing') {
      this._isWritten = true;
    } else if (review.phase === 'planned' && !this._isAccepted) {
      this._isAccepted = true;
      this._refactors.write();
    } else if (review.phase === 'planned' && this._isWritten) {
      return false; // the user stopped it
    }
    return true;
  }

  private get _isVerifying(): boolean {
    const { changes, verification } = this._review;
    return this._refactors.verify === 'run' && changes.length > 0 && (!verification || verification.isRunning);
  }

  private _end(): false {
    const { changes, findings, verification } = this._review;
    const { verify, notebook } = this._refactors;
    const isRight = verify !== 'run' || !changes.length || verification?.report?.holds;
    const isWhole = changes.every(one => one.state === 'open' && one.isTicked);
    const holds = isRight && isWhole && (verify === 'none' || !findings.length);
    if (!holds || !notebook || this._refactors.acceptAll().held) {
      this._review.tell(this._notHeld);
    }
    return false;
  }

  private _isGoing = false;
  private _isAccepted = false;
  private _isWritten = false;
}
