/** One turn as the panel knows it: built from its news, drawn by the views. */

import type {
  ContextPack,
  PastTurn,
  Proposal,
  ProposalOffered,
  Refused,
  TurnEvent,
  TurnFigures,
  TurnRequested
} from '../_wire';
import type { ITurnReader } from '../channel/turns';
import type { Ways } from './ways';

export type TurnState = 'waiting' | 'streaming' | 'done' | 'failed' | 'stopped' | 'interrupted';
export type TurnKind = TurnRequested['kind'];
export type Tier = 'spark' | 'deep';

/** What a view of a turn is told. Words and lines may come many times a second, a change of anything else does not. */
export interface ITurnWatcher {
  /** More words, or more lines. */
  onStream(): void;
  /** Everything said so far is void: the user redirected the answer, or a check sent it back. */
  onRestart(): void;
  /** State, proposal, figures, notices: what stands around the answer. */
  onChange(): void;
}

/** A second proposal, and who made it. */
export type ISecondOpinion = Pick<ProposalOffered, 'proposal' | 'tier' | 'model'>;

/** A turn. */
export class Turn implements ITurnReader {
  constructor(
    readonly id: string,
    readonly kind: TurnKind,
    readonly instruction: string,
    readonly tier: Tier,
    readonly cellId: string | null = null
  ) {}

  /** A turn that the journal kept. */
  static past(kept: PastTurn): Turn {
    const cellId = kept.proposals.find(proposal => proposal.edit.operation === 'replace')?.edit.cell_id ?? null;
    const turn = new Turn(kept.turn_id, kept.kind, kept.instruction, kept.tier, cellId);
    turn.model = kept.model;
    turn.figures = kept.figures;
    turn.text = kept.text;
    turn.proposals = kept.proposals;
    turn.problem = kept.error;
    turn.state = STATES[kept.status];
    turn.isPast = turn.ended;
    return turn;
  }

  state: TurnState = 'waiting';
  model = '';
  profile = '';
  /** The answer's words as far as they have arrived. */
  text = '';
  /** The edit's lines as far as they have arrived. */
  lines: string[] = [];
  oldSource = '';
  proposals: Proposal[] = [];
  /** Another edit that holds, to which another tier came meanwhile. */
  second: ISecondOpinion | null = null;
  /** The tries at the same edit, if this is one of several. */
  ways: Ways | null = null;
  context: ContextPack | null = null;
  figures: TurnFigures | null = null;
  notices: string[] = [];
  /** What the user said meanwhile. */
  steered: string[] = [];
  problem = '';
  hint = '';
  /** When it was asked, and when its first piece came: milliseconds of `performance.now()`. */
  readonly askedAt = performance.now();
  firstAt: number | null = null;
  /** How much came in all, what is void by now included: what speed is estimated from. */
  receivedChars = 0;
  /** Whether it came from the journal and not over this page's connection. */
  isPast = false;
  /** Whether its edit is shown in the cell itself, so that the panel need not draw it. */
  isInCell = false;

  /** Whether the answer is an edit rather than words. */
  get wantsCode(): boolean {
    return this.kind === 'rewrite' || this.kind === 'generate' || this.kind === 'fix';
  }

  /** The edit to be judged: the last one, as a repair replaces the one before it. */
  get proposal(): Proposal | null {
    return this.proposals[this.proposals.length - 1] ?? null;
  }

  get ended(): boolean {
    return this.state !== 'waiting' && this.state !== 'streaming';
  }

  watch(watcher: ITurnWatcher): () => void {
    this._watchers.add(watcher);
    return () => this._watchers.delete(watcher);
  }

  /** The cell cannot show the edit any more: the panel does. */
  leaveCell(): void {
    this.isInCell = false;
    this._changed();
  }

  /** The cell that could not show the edit shows it again. */
  enterCell(): void {
    this.isInCell = true;
    this._changed();
  }

  onWords(text: string): void {
    this.text += text;
    this.receivedChars += text.length;
    this._streamed();
  }

  onLines(lines: string[]): void {
    this.lines = this.lines.concat(lines);
    this.receivedChars += lines.reduce((sum, line) => sum + line.length + 1, 0);
    this._streamed();
  }

  onRefused(why: Refused): void {
    this._fail('failed', why.message, why.hint);
  }

  onLost(): void {
    this._fail('interrupted', 'The server was restarted in mid-answer.', 'Ask again (Retry).');
  }

  onEvent(event: TurnEvent): void {
    switch (event.type) {
      case 'turn_steered':
        // Until now the words stood among the notices, as said but not yet heard.
        this.notices = this.notices.filter(notice => notice !== event.words);
        this.proposals = [];
        this.steered.push(event.words);
        this._restart();
        break;
      case 'turn_started':
        this.model = event.model;
        this.profile = event.profile;
        break;
      case 'context_packed':
        this.context = event.context;
        break;
      case 'proposal_offered':
        this.second = event;
        break;
      case 'edit_started':
        this.oldSource = event.old_source;
        this._restart();
        break;
      case 'notice':
        this.notices.push(event.message);
        break;
      case 'edit_ready':
        this.proposals.push(event.proposal);
        break;
      case 'turn_finished':
        this.state = 'done';
        this.model = event.model;
        this.figures = event.figures;
        break;
      case 'turn_failed':
        this.figures = event.figures;
        this.text = this.text || event.text; // an edit that came in words has them here alone
        this._fail('failed', event.message, event.hint);
        return;
      case 'turn_cancelled':
        this.state = 'stopped';
        this.figures = event.figures;
        break;
    }
    this._changed();
  }

  private _streamed(): void {
    const first = this.state === 'waiting';
    this.firstAt ??= performance.now();
    this.state = this.ended ? this.state : 'streaming';
    this._watchers.forEach(watcher => watcher.onStream());
    if (first) {
      this._changed();
    }
  }

  private _restart(): void {
    if (this.text || this.lines.length) {
      this.text = '';
      this.lines = [];
      this._watchers.forEach(watcher => watcher.onRestart());
    }
  }

  private _fail(state: TurnState, problem: string, hint: string): void {
    this.state = state;
    this.problem = problem;
    this.hint = hint;
    this._changed();
  }

  private _changed(): void {
    this._watchers.forEach(watcher => watcher.onChange());
  }

  private readonly _watchers = new Set<ITurnWatcher>();
}

const STATES: Record<PastTurn['status'], TurnState> = {
  running: 'waiting',
  finished: 'done',
  failed: 'failed',
  cancelled: 'stopped',
  interrupted: 'interrupted'
};
