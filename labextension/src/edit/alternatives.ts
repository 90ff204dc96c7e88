/** Other ways to do what was asked, beside the one that is shown: it stays, and the reader walks on when they come. */

import { closingLine, liveLine } from '../chat/figures';
import type { ChatStore } from '../chat/store';
import type { Turn } from '../chat/turn';
import { normalised, type Ways } from '../chat/ways';
import type { IQuestion } from './asking';
import type { Spot } from './spot';
import type { Suggestion } from './suggestion';
import type { IWay } from './way';

/** How many are asked for at once. */
const TRIES = 3;

export interface IAlternativesWords {
  isBusy: string;
  noOther: string;
}

/** The ways of one proposal, each with the turn that it came of. */
interface IOffered {
  readonly turns: Map<string, Turn>;
  running: Ways | null;
}

export class Alternatives {
  constructor(
    private readonly _store: ChatStore,
    private readonly _words: IAlternativesWords
  ) {}

  /** The turn of the way that is shown; null if the proposal has only one. */
  turnOf(suggestion: Suggestion): Turn | null {
    const key = suggestion.ways[suggestion.shown]?.key ?? '';
    return this._offered.get(suggestion)?.turns.get(key) ?? null;
  }

  /** Whether others are on their way. */
  isAsking(suggestion: Suggestion): boolean {
    return this._offered.get(suggestion)?.running?.ended === false;
  }

  /** Ask for others. */
  ask(spot: Spot, question: IQuestion, first: Turn): void {
    const { suggestion, cellId } = spot;
    const notebook = question.notebook();
    if (suggestion?.state !== 'ready' || this.isAsking(suggestion)) {
      return;
    }
    const { kind, instruction, extras } = question;
    const asking = { kind, instruction, cellId, notebook, isInCell: true, extras: { ...extras, cell_id: cellId } };
    const isBusy = this._store.about(notebook).running !== null;
    const ways = isBusy ? null : this._store.send(asking, TRIES)?.ways;
    if (!ways) {
      spot.tell(this._words.isBusy);
      return;
    }
    const offered = this._offered.get(suggestion) ?? { turns: new Map([[first.id, first]]), running: null };
    offered.running = ways;
    this._offered.set(suggestion, offered);
    if (!suggestion.ways.length) {
      const { text, checks, isEdited, base } = suggestion;
      suggestion.offer([{ text, checks, isEdited, key: first.id, origin: base }]);
    }
    this._follow(spot, suggestion, ways, offered);
  }

  /** Nobody waits for the others any more. */
  stop(suggestion: Suggestion): void {
    const turns = this._offered.get(suggestion)?.running?.turns ?? [];
    turns.filter(turn => !turn.ended).forEach(turn => this._store.channel.stop(turn.id));
  }

  private _follow(spot: Spot, suggestion: Suggestion, ways: Ways, offered: IOffered): void {
    const before = suggestion.ways.length;
    const take = (): void => {
      const fresh = ways.turns.filter(turn => !offered.turns.has(turn.id) && turn.state === 'done' && turn.proposal);
      for (const turn of fresh) {
        offered.turns.set(turn.id, turn);
        const way = wayOf(turn);
        if (way && !suggestion.ways.some(one => normalised(one.text) === normalised(way.text))) {
          suggestion.offer([...suggestion.ways, way]);
        }
      }
      if (ways.ended) {
        leave();
        suggestion.tell(closingLine(this.turnOf(suggestion) ?? (ways.turns[0] as Turn)));
        if (suggestion.state === 'ready' && suggestion.ways.length === before) {
          spot.tell(ways.turns.find(turn => turn.problem)?.problem || this._words.noOther);
        }
      } else {
        suggestion.tell([liveLine(ways.turns.find(turn => !turn.ended) as Turn, performance.now())]);
      }
    };
    const leave = ways.watch(take);
  }

  private readonly _offered = new WeakMap<Suggestion, IOffered>();
}

function wayOf({ id, proposal }: Turn): IWay | null {
  return (
    proposal && { text: proposal.edit.new_source, checks: proposal.checks, key: id, origin: proposal.edit.old_source }
  );
}
