/** Turns whose edits are shown in cells. One at a time for each notebook: each goes on from what the one before said. */

import type { TurnRequested } from '../_wire';
import { closingLine, liveLine } from '../chat/figures';
import type { ChatStore } from '../chat/store';
import type { Turn } from '../chat/turn';
import { Alternatives, type IAlternativesWords } from './alternatives';
import type { IScope } from './scope';
import type { IEditMaker } from '../tokens';
import type { Spot } from './spot';
import { Suggestion } from './suggestion';

/** What is asked of a cell. */
export interface IQuestion {
  readonly kind: 'rewrite' | 'fix' | 'generate';
  readonly instruction: string;
  readonly extras: Partial<TurnRequested>;
  /** The notebook's path now. */
  readonly notebook: () => string;
  /** Called when the user wants none of it. */
  readonly onRefused?: () => void;
  /** The lines of the cell that it is about; the whole cell if they are not given. */
  readonly scope?: IScope | null;
}

interface IWaiting extends IQuestion {
  readonly spot: Spot;
  readonly suggestion: Suggestion;
}

const FIGURES_EVERY_MS = 250;

/** Asks, and gives what comes to the cell's suggestion. */
export class Asking {
  constructor(
    private readonly _store: ChatStore,
    private readonly _words: { noCode: string; readThere: string; gone: string; isWaiting: string } & IAlternativesWords
  ) {
    this._alternatives = new Alternatives(_store, _words);
    _store.watch(() => this._pump());
  }

  /** The turn that what is shown of a suggestion came of, if it came of one. */
  turnOf(suggestion: Suggestion | null): Turn | null {
    return suggestion ? (this._alternatives.turnOf(suggestion) ?? this._turns.get(suggestion) ?? null) : null;
  }

  /** Ask for other ways to do the same. */
  alternatives(spot: Spot): void {
    const [question, turn] = [this.questionOf(spot.suggestion), this.turnOf(spot.suggestion)];
    if (question && turn && this.canVary(spot.suggestion)) {
      this._alternatives.ask(spot, question, turn);
    }
  }

  /** Whether other ways can be asked for: none is on its way, and the turn runs in the server. */
  canVary(suggestion: Suggestion | null): boolean {
    return suggestion !== null && !this._makers.has(suggestion) && !this._alternatives.isAsking(suggestion);
  }

  /** A suggestion is settled, or gives way to another: whatever still comes for it is not waited for. */
  letGo(suggestion: Suggestion | null): void {
    if (suggestion) {
      this._alternatives.stop(suggestion);
    }
  }

  /** What was asked of a suggestion's cell. */
  questionOf(suggestion: Suggestion | null): IQuestion | null {
    return suggestion ? (this._questions.get(suggestion) ?? null) : null;
  }

  /** Who makes a suggestion, if its turn does not run in the server. */
  makerOf(suggestion: Suggestion | null): IEditMaker | null {
    return suggestion ? (this._makers.get(suggestion) ?? null) : null;
  }

  /** Give a suggestion what the turn of somebody else brings. */
  follow(suggestion: Suggestion, maker: IEditMaker): void {
    const { turn } = maker;
    suggestion.instruction = turn.instruction;
    this._makers.set(suggestion, maker);
    this._turns.set(suggestion, turn);
    const { instruction } = turn;
    this._questions.set(suggestion, { kind: 'rewrite', instruction, extras: {}, notebook: () => maker.notebook() });
    this._feed(turn, suggestion);
  }

  /** Ask for an edit of a cell; what runs there is redirected. False if nobody could be told. */
  ask(spot: Spot, question: IQuestion): boolean {
    const { suggestion, cell } = spot;
    const turn = this.turnOf(suggestion);
    if (turn && !turn.ended) {
      const maker = this.makerOf(suggestion);
      if (maker) {
        maker.say(question.instruction);
        return true;
      }
      return this._store.steer(turn, question.instruction);
    }
    if (!cell) {
      return false;
    }
    this._waiting = this._waiting.filter(one => one.spot !== spot);
    this.letGo(suggestion);
    const next = new Suggestion(cell.getSource());
    next.instruction = question.instruction;
    next.scope = question.scope ?? null;
    this._questions.set(next, question);
    spot.propose(next);
    this._waiting.push({ ...question, spot, suggestion: next });
    this._pump();
    return true;
  }

  /** Show in a cell what a turn that was begun before proposes for it. */
  adopt(spot: Spot, question: IQuestion, turn: Turn): void {
    const { cell } = spot;
    if (cell) {
      const next = new Suggestion(cell.getSource());
      next.instruction = question.instruction;
      this._questions.set(next, question);
      this._turns.set(next, turn);
      spot.propose(next);
      this._feed(turn, next);
    }
  }

  /**
   * What stands at a place stands at another one now.
   *
   * @param notebook - the notebook's path, if it is not told as before
   */
  move(from: Spot, to: Spot, notebook?: () => string): void {
    const { suggestion } = from;
    const question = this.questionOf(suggestion);
    if (suggestion && question) {
      const changed = notebook ? { notebook } : {};
      this._questions.set(suggestion, { ...question, ...changed });
      this._waiting = this._waiting.map(one => (one.spot === from ? { ...one, ...changed, spot: to } : one));
      from.propose(null);
      to.propose(suggestion);
    }
  }

  /** Stop what runs or waits in a cell. */
  stop(spot: Spot): void {
    const { suggestion } = spot;
    this._waiting = this._waiting.filter(one => one.spot !== spot);
    const turn = this.turnOf(suggestion);
    const maker = this.makerOf(suggestion);
    if (turn && !turn.ended && maker) {
      maker.stop();
    } else if (turn && !turn.ended) {
      this._store.channel.stop(turn.id);
    } else {
      suggestion?.tell([]); // it waits for nothing any more
      suggestion?.stop();
    }
  }

  /** Begin what waits and can begin. */
  private _pump(): void {
    for (const next of [...this._waiting]) {
      const notebook = next.notebook();
      if (!next.suggestion.isRunning || next.spot.suggestion !== next.suggestion) {
        this._waiting = this._waiting.filter(one => one !== next);
      } else if (this._store.about(notebook).running) {
        next.suggestion.tell([this._words.isWaiting]);
      } else {
        this._waiting = this._waiting.filter(one => one !== next);
        this._begin(next, notebook);
      }
    }
  }

  private _begin({ kind, instruction, extras, spot, suggestion }: IWaiting, notebook: string): void {
    const source = spot.cell?.getSource();
    if (source === undefined) {
      suggestion.fail(this._words.gone);
      return;
    }
    suggestion.startFrom(source);
    const cellId = spot.cellId;
    const turn = this._store.send({
      kind,
      instruction,
      cellId,
      notebook,
      isInCell: true,
      extras: { ...extras, cell_id: cellId }
    });
    if (turn) {
      this._turns.set(suggestion, turn);
      this._feed(turn, suggestion);
    } else {
      suggestion.fail(this._words.noCode);
    }
  }

  private _feed(turn: Turn, suggestion: Suggestion): void {
    let shown = 0;
    const stream = (): void => {
      suggestion.append(turn.lines.slice(shown));
      shown = turn.lines.length;
    };
    const end = (): void => {
      suggestion.figures = closingLine(turn);
      this._end(turn, suggestion);
    };
    stream();
    if (turn.ended) {
      end();
      return;
    }
    const timer = window.setInterval(() => suggestion.tell([liveLine(turn, performance.now())]), FIGURES_EVERY_MS);
    const leave = turn.watch({
      onStream: stream,
      onRestart: () => {
        shown = 0;
        suggestion.restart();
      },
      onChange: () => {
        if (turn.ended) {
          window.clearInterval(timer);
          end();
          leave();
        }
      }
    });
  }

  private _end(turn: Turn, suggestion: Suggestion): void {
    const { proposal } = turn;
    if (turn.state === 'done' && proposal) {
      suggestion.ready(proposal.edit.new_source, proposal.checks);
    } else if (turn.state === 'done') {
      suggestion.fail(this._words.noCode, this._words.readThere);
    } else if (turn.state === 'stopped') {
      suggestion.stop();
    } else {
      suggestion.fail(turn.problem, turn.hint);
    }
  }

  private _waiting: IWaiting[] = [];
  private readonly _alternatives: Alternatives;
  private readonly _turns = new WeakMap<Suggestion, Turn>();
  private readonly _makers = new WeakMap<Suggestion, IEditMaker>();
  private readonly _questions = new WeakMap<Suggestion, IQuestion>();
}
