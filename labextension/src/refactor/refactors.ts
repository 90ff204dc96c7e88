/** The refactors of a notebook: the one that is under way or under review, and those that stand in it. */

import type { AppliedCell } from '../_wire';
import { newId } from '../chat/conversation';
import type { IHunk } from '../edit/linediff';
import { Watched } from '../watched';
import { takeGroup, takePart } from './apply';
import type { ReviewedChange } from './change';
import type { IRefactorHost, IStart, ITaken } from './host';
import { keptOf } from './kept';
import { idsOf, type IReviewedNotebook } from './notebook';
import { Review, type VerifyMode } from './review';
import { grown, type IStanding, standingOf, withoutLeft, withStanding } from './standing';
import { Unasked } from './unasked';
import { takeBack } from './undo';

const CHOICE_REST_MS = 300;
const KEEP_REST_MS = 200;

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
    this.standing = standingOf(list);
    if (list.current && !this.review) {
      const review = new Review(list.current, list.instruction);
      review.kept = list.kept;
      this.verify = list.kept?.verify ?? this.verify;
      this._follow(review);
      this._host.channel.join(list.current, review);
    }
    this._markStanding();
    this.changed();
  }

  /** Begin a refactor in the place of the one before. */
  start(instruction: string, how: IStart = {}): void {
    this.close();
    const { unasked = false, tier = this._host.tier(), profile = null, plan = null } = how;
    const review = new Review(newId(), instruction);
    this._follow(review);
    if (unasked) {
      this.goOnUnasked();
    }
    this._host.push(this.path);
    const told = { refactor_id: review.id, notebook: this.path, instruction, tier, profile, plan };
    this._host.channel.ask({ type: 'refactor_requested', ...told }, review);
    this.changed();
  }

  /** Carry out what is under way, and accept what comes of it if all of it holds, without asking. */
  goOnUnasked(): void {
    const { review } = this;
    if (review) {
      review.problem = review.hint = '';
      this._unasked = new Unasked(this, review, this._host.words.notHeld);
      this._goOn();
    }
  }

  /** How it is proved that the notebook still does what it did. */
  setVerify(mode: VerifyMode): void {
    this.verify = mode;
    this.review?.acted();
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
      review.kept = null;
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
      window.clearTimeout(this._keeping);
      this._unasked = null;
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
      this._setStanding(withoutLeft(entry));
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
    this._setStanding(grown(before, review, acts, order));
  }

  private _setStanding(entry: IStanding): void {
    this.standing = withStanding(this.standing, entry);
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
    let { phase, acts } = review;
    this._leave = review.watch(() => {
      if (review.acts !== acts) {
        acts = review.acts;
        this._keepSoon(review);
      }
      if (review.phase !== phase) {
        phase = review.phase;
        this._markStanding();
        this.follow();
      }
      this.changed();
      this._goOn();
    });
  }

  private _goOn(): void {
    this._unasked = this._unasked?.go() ? this._unasked : null;
  }

  private _keepSoon(review: Review): void {
    const keep = (): void => this._host.channel.keep(keptOf(review, this.verify));
    window.clearTimeout(this._keeping);
    this._keeping = window.setTimeout(() => review.isLost || keep(), KEEP_REST_MS);
  }

  private _leave: () => void = () => undefined;
  private _unasked: Unasked | null = null;
  private _timer = 0;
  private _keeping = 0;
  private _kernelName: () => string = () => '';
}
