/** What is made of proposals in cells goes into the journal, and who wrote a cell into the cell. */

import type { Turn } from '../chat/turn';
import type { IJudged, Verdicts } from '../chat/verdicts';
import { type IMarkedCell, markProvenance } from './provenance';
import type { ISpotCell, ITaken, Spot } from './spot';
import type { Suggestion } from './suggestion';

/** One taking of an edit, or of a part of it. */
interface ITold {
  readonly judged: IJudged;
  readonly suggestion: Suggestion;
  isBack: boolean;
  mark: () => void;
  unmark: () => void;
}

/** Tells of what comes of a turn; of what somebody else proposed it says nothing. */
export class Telling {
  /**
   * @param _verdictsOf - where the edit of a suggestion stands: in the panel too, if its turn is there
   * @param _turnOf - the turn that a suggestion came of
   * @param _notebookOf - the path of a suggestion's notebook now
   * @param _notesWriters - whether the user wants a note in a cell's metadata of who wrote it
   */
  constructor(
    private readonly _verdictsOf: (suggestion: Suggestion) => Pick<Verdicts, 'taken' | 'takenBack' | 'refused'>,
    private readonly _turnOf: (suggestion: Suggestion) => Turn | null,
    private readonly _notebookOf: (suggestion: Suggestion) => string,
    private readonly _notesWriters: () => boolean
  ) {}

  /** The suggestion, or one more part of it, was written into the cell: `spot.taken` says what. */
  taken(spot: Spot, suggestion: Suggestion): void {
    const { taken, cell } = spot;
    const judged = taken && this._judged(spot, suggestion, taken.before, taken.after);
    const turn = this._turnOf(suggestion);
    if (!taken || !judged || !turn || !cell) {
      return;
    }
    const told: ITold = { judged, suggestion, isBack: true, mark: () => undefined, unmark: () => undefined };
    if (isMarked(cell) && this._notesWriters()) {
      const { model, tier } = turn;
      told.mark = () => {
        told.unmark = markProvenance(cell, { model, tier, turn: judged.turn_id });
      };
    }
    this._told.set(taken, told);
    this._put(told);
  }

  /** What was taken last stands in the cell no more, or again: after an undo or a redo, whoever pressed it. */
  follow(spot: Spot): void {
    const told = spot.taken && this._told.get(spot.taken);
    const now = told && spot.cell?.getSource();
    if (told?.isBack === false && now === told.judged.before) {
      this._takeBack(told);
    } else if (told?.isBack && now === told.judged.after) {
      this._put(told);
    }
  }

  /** The user wants none of it. */
  refused(spot: Spot, suggestion: Suggestion): void {
    const text = spot.cell?.getSource() ?? suggestion.base;
    const judged = this._judged(spot, suggestion, text, text);
    if (judged) {
      this._verdictsOf(suggestion).refused(judged);
    }
  }

  private _put(told: ITold): void {
    told.isBack = false;
    const { proposal_id } = told.judged;
    this._parts.set(proposal_id, (this._parts.get(proposal_id) ?? 0) + 1);
    told.mark();
    this._verdictsOf(told.suggestion).taken(told.judged);
  }

  private _takeBack(told: ITold): void {
    const { judged, suggestion } = told;
    const left = (this._parts.get(judged.proposal_id) ?? 1) - 1;
    told.isBack = true;
    this._parts.set(judged.proposal_id, left);
    told.unmark();
    this._verdictsOf(suggestion).takenBack({ ...judged, before: judged.after, after: judged.before }, left > 0);
  }

  private _judged(spot: Spot, suggestion: Suggestion, before: string, after: string): IJudged | null {
    const proposal = this._turnOf(suggestion)?.proposal;
    if (!proposal) {
      return null;
    }
    const { turn_id, proposal_id } = proposal;
    const notebook = this._notebookOf(suggestion);
    return { turn_id, proposal_id, notebook, cell_id: spot.cellId, operation: 'replace', before, after };
  }

  private readonly _told = new WeakMap<ITaken, ITold>();
  private readonly _parts = new Map<string, number>();
}

function isMarked(cell: ISpotCell): cell is ISpotCell & IMarkedCell {
  return typeof cell.setMetadata === 'function';
}
