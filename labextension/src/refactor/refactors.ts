/** The refactors of a notebook: the one that is under way or under review, and those that stand in it. */

import type { AppliedCell, AppliedRefactor, RefactorList } from '../_wire';
import type { RefactorChannel } from '../channel/refactors';
import { newId } from '../chat/conversation';
import type { Tier } from '../chat/turn';
import type { IHunk } from '../edit/linediff';
import { Watched } from '../watched';
import { takeGroup, takePart } from './apply';
import type { ReviewedChange } from './change';
import { idsOf, type IReviewedNotebook } from './notebook';
import { Review, type VerifyMode } from './review';
import { type ILeft, takeBack } from './undo';

/** A refactor that stands in the notebook, wholly or in part. */
export interface IStanding {
  readonly id: string;
  /** When it was begun to be taken, in ms since the epoch. */
  readonly at: number;
  readonly applied: AppliedRefactor;
  /** What could not be taken back. */
  readonly left: readonly ILeft[];
}

/** What a notebook's refactors use of the page. */
export interface IRefactorHost {
  readonly channel: RefactorChannel;
  load(notebook: string): Promise<RefactorList>;
  /** The server gets what the user typed a moment ago. */
  push(notebook: string): void;
  tier(): Tier;
}

/** How many cells were changed and how many were left alone. */
export interface ITaken {
  readonly taken: number;
  readonly held: number;
}

const CHOICE_REST_MS = 300;

export class NotebookRefactors extends Watched {
  constructor(
    public path: string,
    private readonly _host: IRefactorHost
  ) {
    super();
  }

  review: Review | null = null;
  standing: readonly IStanding[] = [];
  verify: VerifyMode = 'static';
  /** The open notebook; null while it is closed. */
  notebook: IReviewedNotebook | null = null;

  /** The notebook is open, and runs in this kernel; or it was closed. */
  attach(notebook: IReviewedNotebook | null, kernelName: () => string = () => ''): void {
    this.notebook = notebook;
    this._kernelName = kernelName;
    this.follow();
    this.changed();
  }

  /** The notebook has another name now. */
  rename(path: string): void {
    this.path = path;
    this.changed();
  }

  /** Ask the server what is under way, and the journal what stands. */
  async load(): Promise<void> {
    const list = await this._host.load(this.path);
    this.standing = list.standing.map(one => ({
      id: one.refactor_id,
      at: 1000 * one.created_at_s,
      applied: one.applied,
      left: []
    }));
    if (list.current && !this.review) {
      const review = new Review(list.current, list.instruction);
      this._follow(review);
      this._host.channel.join(list.current, review);
    }
    this._markStanding();
    this.changed();
  }

  /** Begin a refactor in the place of the one before. */
  start(instruction: string): void {
    this.close();
    const review = new Review(newId(), instruction);
    this._follow(review);
    this._host.push(this.path);
    this._host.channel.ask(
      {
        type: 'refactor_requested',
        refactor_id: review.id,
        notebook: this.path,
        instruction,
        tier: this._host.tier(),
        profile: null
      },
      review
    );
    this.changed();
  }

  /** Have the plan, as the user changed it, made anew. */
  revise(words: string): void {
    const { review } = this;
    if (review?.plan && words.trim()) {
      this._host.push(this.path);
      this._host.channel.send({ type: 'plan_revised', refactor_id: review.id, plan: review.plan, words });
    }
  }

  /** Have the plan carried out. */
  write(): void {
    const { review } = this;
    if (review?.plan) {
      this._host.push(this.path);
      const { verify } = this;
      const kernel_name = this._kernelName();
      const { id: refactor_id, plan } = review;
      this._host.channel.send({ type: 'plan_accepted', refactor_id, plan, verify, kernel_name });
    }
  }

  stop(): void {
    if (this.review) {
      this._host.channel.send({ type: 'refactor_stopped', refactor_id: this.review.id });
    }
  }

  /** Want no more of it. What was taken stays, and can still be taken back. */
  close(): void {
    const { review } = this;
    if (review) {
      this._host.channel.send({ type: 'refactor_dropped', refactor_id: review.id });
      this._host.channel.leave(review.id);
      this._leave();
      this.review = null;
      this.changed();
    }
  }

  /** Have what would be taken checked, and (`run`) verified by running it. */
  check(verify: VerifyMode): void {
    const { review } = this;
    if (review?.phase !== 'ready' || review.isLost) {
      return;
    }
    window.clearTimeout(this._timer);
    const { choiceId: choice_id, accepted, texts } = review.choice();
    const kernel_name = this._kernelName();
    const refactor_id = review.id;
    this._host.channel.send({ type: 'choice_made', refactor_id, choice_id, accepted, texts, verify, kernel_name });
  }

  tick(one: ReviewedChange, isTicked: boolean): void {
    this.review?.tick(one, isTicked);
    this._checkSoon();
  }

  // --- taking ---

  /** Take a change, and what belongs to it. */
  accept(one: ReviewedChange): ITaken {
    return this._take(this.review?.groupOf(one) ?? []);
  }

  /** Take all that is ticked. */
  acceptAll(): ITaken {
    return this._take(this.review?.ticked ?? []);
  }

  acceptHunk(one: ReviewedChange, hunk: IHunk): boolean {
    const { notebook, review } = this;
    const order = notebook ? idsOf(notebook) : [];
    const act = notebook && review ? takePart(notebook, one, hunk) : null;
    if (act && review) {
      this._record(review, [act], order);
    }
    review?.chosen();
    return act !== null;
  }

  refuse(one: ReviewedChange): void {
    this.review?.groupOf(one).forEach(other => other.refuse());
    this.review?.chosen();
    this._checkSoon();
  }

  refuseAll(): void {
    this.review?.open.forEach(one => one.refuse());
    this.review?.chosen();
  }

  refuseHunk(one: ReviewedChange, hunk: IHunk): void {
    one.suggestion.refuseHunk(hunk);
    if (!one.suggestion.isOpen) {
      one.refuse();
    }
    this.review?.chosen();
    this._checkSoon();
  }

  settle(one: ReviewedChange, whose: 'mine' | 'proposed'): void {
    if (this.notebook) {
      one.settle(this.notebook, whose);
      this.review?.chosen();
    }
  }

  /** The notebook has changed: what is proposed stands against what its cells hold now. */
  follow(): void {
    const { notebook, review } = this;
    if (notebook && review?.phase === 'ready') {
      review.changes.forEach(one => one.follow(notebook));
      review.changed();
    }
  }

  // --- taking back ---

  /** Take a refactor back; false if something of it had to be left. */
  undo(id: string, force = false): boolean {
    const entry = this.standing.find(one => one.id === id);
    if (!this.notebook || !entry) {
      return false;
    }
    const left = takeBack(this.notebook, entry.applied, force);
    this._setStanding({ ...entry, left, applied: { ...entry.applied, cells: left.map(one => one.act) } });
    if (this.review?.id === id) {
      const kept = new Set(left.map(one => one.act.change_id));
      const back = entry.applied.cells.map(act => act.change_id).filter(changeId => !kept.has(changeId));
      this.review.reopen(new Set(back));
      this.follow();
    }
    return left.length === 0;
  }

  /** Leave what could not be taken back as it is. */
  keepLeft(id: string): void {
    const entry = this.standing.find(one => one.id === id);
    if (entry) {
      this._setStanding({ ...entry, left: [], applied: { ...entry.applied, cells: [] } });
    }
  }

  private _take(changes: readonly ReviewedChange[]): ITaken {
    const { notebook, review } = this;
    if (!notebook || !review) {
      return { taken: 0, held: changes.length };
    }
    const order = idsOf(notebook);
    const acts: AppliedCell[] = [];
    for (const group of new Set(changes.map(one => one.change.group))) {
      const open = review.open.filter(one => one.change.group === group);
      acts.push(...takeGroup(notebook, open, review.changes, review.order));
    }
    if (acts.length) {
      this._record(review, acts, order);
    }
    const held = changes.filter(one => one.isOpen).length;
    review.chosen();
    return { taken: new Set(acts.map(act => act.cell_id)).size, held };
  }

  private _record(review: Review, acts: readonly AppliedCell[], order: string[]): void {
    const before = this.standing.find(one => one.id === review.id);
    const applied = before?.applied ?? { instruction: review.instruction, order, cells: [] };
    const at = before?.at ?? Date.now();
    this._setStanding({ id: review.id, at, left: [], applied: { ...applied, cells: [...applied.cells, ...acts] } });
  }

  private _setStanding(entry: IStanding): void {
    const others = this.standing.filter(one => one.id !== entry.id);
    this.standing = entry.applied.cells.length ? [entry, ...others].sort((a, b) => b.at - a.at) : others;
    const { id: refactor_id, applied } = entry;
    this._host.channel.keep({ type: 'refactor_stands', refactor_id, notebook: this.path, applied });
    this.changed();
  }

  private _markStanding(): void {
    const mine = this.standing.find(one => one.id === this.review?.id);
    if (mine) {
      this.review?.setTaken(mine.applied.cells);
    }
  }

  private _checkSoon(): void {
    window.clearTimeout(this._timer);
    if (this.verify !== 'none') {
      this._timer = window.setTimeout(() => this.check('static'), CHOICE_REST_MS);
    }
  }

  private _follow(review: Review): void {
    this._leave();
    this.review = review;
    let phase = review.phase;
    this._leave = review.watch(() => {
      if (review.phase !== phase) {
        phase = review.phase;
        this._markStanding();
        this.follow();
      }
      this.changed();
    });
  }

  private _leave: () => void = () => undefined;
  private _timer = 0;
  private _kernelName: () => string = () => '';
}
