/** What the user does with proposals: each verb for a place in a notebook. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { keepNewCell } from '../notebook/newcell';
import type { Asking } from './asking';
import type { Doubts } from './doubts';
import type { IHunk } from './linediff';
import type { Spot } from './spot';
import { beginRevision, endRevision, endRevisionBeside } from './revising';
import { confine } from './scope';
import { giveBack, takeAll, takeHunk, type Taken } from './take';
import type { Telling } from './telling';
import { nextOf, openOf } from './together';

export class Judging {
  constructor(
    private readonly _asking: Asking,
    private readonly _telling: Telling,
    private readonly _doubts: Doubts,
    private readonly _trans: TranslationBundle
  ) {}

  /** Called with the next cell that is to be judged, of several that were asked together. */
  onNext: (spot: Spot) => void = () => undefined;

  /** @param accepted - called once it is written, which may be a moment later */
  accept(spot: Spot, accepted: () => void = () => undefined): void {
    const { suggestion } = spot;
    const isWhole = endRevision(spot);
    const checking = this._doubts.look(spot);
    if (checking) {
      void checking.then(() => spot.suggestion === suggestion && this._accept(spot, isWhole, accepted));
    } else {
      this._accept(spot, isWhole, accepted);
    }
  }

  private _accept(spot: Spot, isWhole: boolean, accepted: () => void): void {
    const { suggestion } = spot;
    if (isWhole && this._isDoubtful(spot)) {
      return;
    }
    const how = isWhole ? takeAll(spot) : 'changed';
    this._tell(spot, how);
    if (how === 'done' && suggestion) {
      this._telling.taken(spot, suggestion);
      this._close(spot);
      accepted();
    }
  }

  acceptHunk(spot: Spot, hunk: IHunk): void {
    const { suggestion } = spot;
    const found = endRevisionBeside(spot, hunk);
    const checking = this._doubts.look(spot);
    if (checking) {
      void checking.then(() => spot.suggestion === suggestion && this._acceptHunk(spot, found));
    } else {
      this._acceptHunk(spot, found);
    }
  }

  private _acceptHunk(spot: Spot, hunk: IHunk): void {
    const { suggestion } = spot;
    if (this._isDoubtful(spot)) {
      return;
    }
    const how = takeHunk(spot, hunk);
    this._tell(spot, how);
    if (how === 'done' && suggestion) {
      this._telling.taken(spot, suggestion);
    }
    if (!spot.suggestion?.isOpen) {
      this._close(spot);
    }
  }

  rejectHunk(spot: Spot, hunk: IHunk): void {
    const found = endRevisionBeside(spot, hunk);
    spot.suggestion?.refuseHunk(found);
    if (!spot.suggestion?.isOpen) {
      this._tellRefused(spot);
      this._close(spot);
    }
  }

  /** Put a change into other words. */
  revise(spot: Spot, hunk: IHunk): void {
    endRevision(spot);
    beginRevision(spot, hunk);
  }

  /** The user is done with that, or leaves the change as it was. */
  revised(spot: Spot, isDone: boolean): void {
    const view = [...spot.views].find(view => view.dom.contains(document.activeElement));
    if (!isDone) {
      spot.revision = null;
    } else if (!endRevision(spot)) {
      spot.tell(this._trans.__('The change has become another one meanwhile: copy your words, and edit it again.'));
      return;
    }
    spot.changed();
    view?.focus();
  }

  /** Show another way. */
  walk(spot: Spot, by: number): void {
    endRevision(spot);
    spot.suggestion?.walk(by);
  }

  /** Leave out what is elsewhere than it was asked for. */
  confine(spot: Spot): void {
    endRevision(spot);
    if (spot.suggestion) {
      confine(spot.suggestion);
    }
  }

  /** Ask for other ways. */
  alternatives(spot: Spot): void {
    endRevision(spot);
    this._asking.alternatives(spot);
  }

  /** Accept several proposals; each is its own cell's step to undo. */
  acceptAll(spots: readonly Spot[]): void {
    this._atOnce(() => spots.forEach(spot => this.accept(spot)));
  }

  /** Stop and leave several proposals. */
  refuseAll(spots: readonly Spot[]): void {
    this._atOnce(() => spots.forEach(spot => this.refuse(spot)));
  }

  /** Stop what runs; leave the proposal otherwise. */
  reject(spot: Spot): void {
    if (spot.suggestion?.isRunning) {
      this._asking.stop(spot);
    } else {
      this.refuse(spot);
    }
  }

  /** Leave the proposal, whatever its state. */
  refuse(spot: Spot): void {
    if (spot.suggestion?.isRunning) {
      this._asking.stop(spot);
    }
    spot.suggestion?.refuse();
    this._tellRefused(spot);
    this._close(spot);
  }

  /** Whether another proposal may take the place of this one; if not, the user was told why. */
  mayAskAnew(spot: Spot): boolean {
    endRevision(spot);
    const doubt = this._doubts.ofAskingAnew(spot);
    if (doubt) {
      spot.tell(doubt);
    }
    return !doubt;
  }

  retry(spot: Spot): void {
    if (!this.mayAskAnew(spot)) {
      return;
    }
    const question = this._asking.questionOf(spot.suggestion);
    const maker = this._asking.makerOf(spot.suggestion);
    if (maker) {
      maker.retry();
    } else if (question) {
      this._asking.ask(spot, { ...question, extras: { ...question.extras, again: true } });
    }
  }

  /** Undo or redo what was last done to the cell's text, as its editor would. */
  undoTyping(spot: Spot, isRedo: boolean): void {
    if (isRedo) {
      spot.cell?.redo?.();
    } else {
      spot.cell?.undo?.();
    }
  }

  undo(spot: Spot): void {
    this._tell(spot, giveBack(spot));
    this._telling.follow(spot);
  }

  /** What is shown in a place has changed, by whatever hand. */
  look(spot: Spot): void {
    void this._doubts.look(spot);
  }

  /** The cell's text was changed, by whatever hand: what was taken may be gone with it. */
  follow(spot: Spot): void {
    this._telling.follow(spot);
  }

  /** What was taken in part is not refused. */
  private _tellRefused(spot: Spot): void {
    if (spot.suggestion?.state === 'refused') {
      const question = this._asking.questionOf(spot.suggestion);
      this._telling.refused(spot, spot.suggestion);
      if (question?.onRefused) {
        window.setTimeout(question.onRefused); // after the place was left
      }
    }
  }

  /** Whether something speaks against taking it that the user was not told yet. */
  private _isDoubtful(spot: Spot): boolean {
    const doubt = this._doubts.ofTaking(spot);
    if (doubt) {
      spot.tell(doubt);
    }
    return doubt !== '';
  }

  private _tell(spot: Spot, how: Taken): void {
    const { _trans: trans } = this;
    const words: Record<Taken, string> = {
      done: '',
      conflict: trans.__(
        'You changed the same lines meanwhile: those marked “yours” would go. Accept again to let them go.'
      ),
      split: trans.__('The cell was split, and this change is for the whole of it: undo the split to accept it.'),
      changed: trans.__('The cell has changed since.'),
      gone: trans.__('The cell is gone.'),
      locked: trans.__('This cell is locked: its metadata says that it is not editable.'),
      early: trans.__('The change is not whole yet.')
    };
    spot.tell(words[how]);
  }

  /** Nothing more to judge here: the next cell's turn, or the editor has the keyboard again. */
  private _close(spot: Spot): void {
    this._asking.letGo(spot.suggestion);
    const hadFocus = [...spot.views].find(view => view.dom.contains(document.activeElement));
    keepNewCell(spot.cell);
    const next = nextOf(spot);
    const { isAsking, draft, sent } = spot;
    const hasKeyboard = hadFocus !== undefined || spot.wantsKeyboard;
    spot.isAsking = spot.wantsKeyboard = false;
    spot.draft = '';
    spot.word = '';
    spot.others = [];
    spot.together = [];
    spot.propose(null);
    if (next && isAsking) {
      // The prompt goes along with the keyboard.
      const others = openOf(next).filter(one => one !== next);
      Object.assign(next, { isAsking, draft, sent, others, wantsKeyboard: hasKeyboard });
      next.changed();
    }
    this._goOn(next, hadFocus);
    spot.restore();
    spot.restore = () => undefined;
  }

  private _goOn(next: Spot | null, view: { focus(): void } | undefined): void {
    if (this._atOnceFrom) {
      this._atOnceFrom = { next, view: this._atOnceFrom.view ?? view };
    } else if (next) {
      this.onNext(next);
    } else {
      view?.focus();
    }
  }

  /** Judge several cells, and go on only after the last of them. */
  private _atOnce(judge: () => void): void {
    this._atOnceFrom = { next: null, view: undefined };
    judge();
    const { next, view } = this._atOnceFrom;
    this._atOnceFrom = null;
    this._goOn(next, view);
  }

  private _atOnceFrom: { next: Spot | null; view: { focus(): void } | undefined } | null = null;
}
