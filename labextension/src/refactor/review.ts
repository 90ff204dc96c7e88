/**
 * A refactor of one notebook, from its words to what the user makes of its changes. Free of JupyterLab.
 *
 * What it knows comes from the server's log, so that a page that reloads, or another one, comes to the same.
 */

import type {
  AppliedCell,
  NotebookCheck,
  Refused,
  RefactorPlan,
  RefactorProposal,
  ReviewEvent,
  ReviewKept,
  PlanAccepted,
  TurnFigures
} from '../_wire';
import type { IRefactorReader } from '../channel/refactors';
import { Watched } from '../watched';
import { chosenOf, doubtfulGroups, failingGroups, inOrder, ReviewedChange } from './change';
import { bringBack, tickAgain } from './kept';
import { type IVerification, WritingProgress } from './progress';

/** What is done to prove that the notebook still does what it did. */
export type VerifyMode = NonNullable<PlanAccepted['verify']>;
export type Phase = 'planning' | 'planned' | 'writing' | 'ready';

export class Review extends Watched implements IRefactorReader {
  constructor(
    readonly id: string,
    public instruction: string
  ) {
    super();
  }

  phase: Phase = 'planning';
  /** When what runs was begun, in ms since the epoch. */
  begunAt = Date.now();
  profile = '';
  model = '';
  /** The ids of the cells as they were told to the model: "cell 3" counts these, from 0. */
  order: readonly string[] = [];
  /** The plan's answer as it comes. */
  planWords = '';
  plan: RefactorPlan | null = null;
  /** The names that the plan has changed at any time: the user can take one up again. */
  renames: RefactorPlan['renames'] = [];
  proposalId = '';
  notices: readonly string[] = [];
  problem = '';
  hint = '';
  writing = new WritingProgress();
  /** How long the writing took, in seconds; null before it is done. */
  tookS: number | null = null;
  figures: TurnFigures | null = null;
  changes: readonly ReviewedChange[] = [];
  checks: readonly NotebookCheck[] = [];
  verification: IVerification | null = null;
  /** Whether the server still knows it. */
  isLost = false;
  /** What the user made of it before the page was loaded again; null once they go on. */
  kept: ReviewKept | null = null;
  /** Counts what the user does. */
  acts = 0;
  /** Changes that stand in the notebook already, as the journal knows. */
  private _taken: ReadonlySet<string> = new Set();
  private _choice = 0;

  get isRunning(): boolean {
    return (this.phase === 'planning' && !this.hasNoPlan) || this.phase === 'writing';
  }

  /** The changes that belong together with one, itself included. */
  groupOf(one: ReviewedChange): ReviewedChange[] {
    return this.changes.filter(other => other.change.group === one.change.group);
  }

  /** The changes that "Accept all" takes. */
  get ticked(): ReviewedChange[] {
    return this.changes.filter(one => one.isOpen && one.isTicked);
  }

  get open(): ReviewedChange[] {
    return this.changes.filter(one => one.isOpen);
  }

  /** What of the checks of the whole does not hold. */
  get findings(): readonly NotebookCheck[] {
    return this.checks.filter(check => !check.ok);
  }

  /** By which number the model, and so everybody, knows a cell. */
  indexOf(cellId: string): number {
    return this.order.indexOf(cellId);
  }

  /** The changes in the order of their cells. */
  get rows(): ReviewedChange[] {
    return inOrder(this.changes, this.order);
  }

  // --- what the user does ---

  setPlan(plan: RefactorPlan): void {
    this._takePlan(plan);
    this.acted();
  }

  /** The user goes on. */
  acted(): void {
    this.kept = null;
    this.acts++;
    this.changed();
  }

  /** Say something about it. */
  tell(notice: string): void {
    this.notices = [...this.notices, notice];
    this.changed();
  }

  tick(one: ReviewedChange, isTicked: boolean): void {
    this.groupOf(one).forEach(other => (other.isTicked = isTicked));
    this.chosen();
  }

  /** What would be taken is another choice now. */
  chosen(): void {
    if (this.verification && !this.verification.isRunning) {
      this.verification = { ...this.verification, isOld: true };
    }
    this.acted();
  }

  /** What would be in the notebook: what is taken already, and what is ticked; and the number of that choice. */
  choice(): { choiceId: number; accepted: string[]; texts: Record<string, string> } {
    return { choiceId: ++this._choice, ...chosenOf(this.changes) };
  }

  /** These stand in the notebook, as the journal knows. */
  setTaken(acts: readonly AppliedCell[]): void {
    this._taken = new Set(acts.map(act => act.change_id));
    this._markTaken();
    this.changed();
  }

  /** These were taken back: they can be judged again. */
  reopen(changeIds: ReadonlySet<string>): void {
    this._taken = new Set([...this._taken].filter(id => !changeIds.has(id)));
    this.changes = this.changes.map(one => {
      if (!changeIds.has(one.change.change_id)) {
        return one;
      }
      const fresh = new ReviewedChange(one.change);
      fresh.isTicked = one.isTicked;
      return fresh;
    });
    this.acted();
  }

  // --- what the server tells ---

  onLines(step: string, lines: readonly string[]): void {
    if (step === '') {
      this.planWords += lines.join('');
    } else {
      this.writing.append(step, lines);
    }
    this.changed();
  }

  onEvent(event: ReviewEvent): void {
    switch (event.type) {
      case 'work_begun':
        this._begin(event.work, event.begun_at_s, event.instruction, event.order);
        break;
      case 'refactor_started':
        this.profile = event.profile;
        this.model = event.model;
        break;
      case 'refactor_notice':
        this.notices = [...this.notices, event.message];
        break;
      case 'plan_ready':
        this._takePlan(event.plan);
        if (this.kept?.plan?.plan_id === event.plan.plan_id) {
          this._takePlan(this.kept.plan);
        }
        this.instruction = event.plan.instruction;
        this.phase = this.phase === 'planning' ? 'planned' : this.phase;
        break;
      case 'step_turn':
        if (event.event.type === 'edit_started') {
          this.writing.begin(event.step_id, event.event.old_source);
        }
        break;
      case 'step_done':
        this.writing.end(event);
        break;
      case 'refactor_finished':
        this._finish(event.proposal, event.figures);
        break;
      case 'refactor_failed':
        this._fail(event.message, event.hint);
        break;
      case 'refactor_cancelled':
        this._fail('', '');
        break;
      default:
        this._onVerification(event);
    }
    this.changed();
  }

  onRefused(why: Refused): void {
    this._fail(why.message, why.hint);
    this.changed();
  }

  onLost(): void {
    this.isLost = true;
    if (this.isRunning) {
      this._fail('', '');
    }
    this.changed();
  }

  private _begin(
    work: 'planning' | 'writing' | 'verifying',
    begunAtS: number,
    instruction: string,
    order: string[]
  ): void {
    this.problem = this.hint = '';
    this.order = order;
    this.instruction = instruction;
    if (work === 'verifying') {
      this.verification = { isRunning: true, progress: [], report: null, problem: '', isOld: false };
      return;
    }
    this.phase = work;
    this.begunAt = 1000 * begunAtS;
    this.planWords = '';
    this.notices = [];
    this.changes = [];
    this.checks = [];
    this.verification = null;
    this.writing = new WritingProgress(this.begunAt);
    this.tookS = null;
  }

  private _takePlan(plan: RefactorPlan): void {
    const known = this.plan?.plan_id === plan.plan_id ? this.renames : [];
    const now = new Map(plan.renames.map(one => [one.old, one]));
    const others = plan.renames.filter(one => !known.some(before => before.old === one.old));
    this.renames = [...known.map(one => now.get(one.old) ?? one), ...others];
    this.plan = plan;
  }

  private _finish(proposal: RefactorProposal, figures: TurnFigures): void {
    this.phase = 'ready';
    this._takePlan(proposal.plan);
    this.proposalId = proposal.proposal_id;
    this.figures = figures;
    this.tookS = figures.total_s;
    this.checks = proposal.checks;
    this.changes = proposal.changes.map(change => new ReviewedChange(change));
    const doubtful = doubtfulGroups(proposal);
    this.changes.forEach(one => (one.isTicked = !doubtful.has(one.change.group)));
    if (this._isKept) {
      bringBack(this.changes, this.kept as ReviewKept);
    }
    this._markTaken();
  }

  private _fail(problem: string, hint: string): void {
    this.problem = problem;
    this.hint = hint;
    if (this.isRunning) {
      this.phase = this.plan ? 'planned' : 'planning';
      this.hasNoPlan = !this.plan;
    }
  }

  /** Whether the planning has ended without a plan. */
  hasNoPlan = false;

  private _onVerification(event: ReviewEvent): void {
    if (event.type === 'choice_checked' && event.choice_id === this._choice) {
      this.checks = event.checks;
    } else if (event.type === 'verification_progressed' && this.verification) {
      const rest = this.verification.progress.filter(one => one.run !== event.progress.run);
      this.verification = { ...this.verification, progress: [...rest, event.progress] };
    } else if (event.type === 'verification_ended' && this.verification) {
      const problem = [event.problem, event.hint].filter(part => part).join(' ');
      this.verification = { ...this.verification, isRunning: false, report: event.report, problem };
      // Who ticked it can tick it again, now that they know.
      const failing = failingGroups(this.changes, event.report);
      this.changes.forEach(one => (one.isTicked &&= !failing.has(one.change.group)));
      if (this._isKept) {
        tickAgain(this.changes, this.kept as ReviewKept);
      }
    }
  }

  private get _isKept(): boolean {
    return this.kept !== null && this.kept.proposal_id === this.proposalId;
  }

  private _markTaken(): void {
    const isTaken = (one: ReviewedChange): boolean =>
      one.isOpen && this._taken.has(one.change.change_id) && !one.suggestion.hasTaken;
    this.changes.filter(isTaken).forEach(one => one.take());
  }
}
