/** What became of proposed edits. The panel and the cells share it: an edit that is taken in one is taken in the other. */

import type { EditJudged, PastTurn } from '../_wire';
import { Watched } from '../watched';

/** Where an edit stands; `held` means that its cell has changed, so that it was not taken. */
export type Standing = 'open' | 'accepted' | 'rejected' | 'undone' | 'held';

/** Where one edit stands, and the cell that holds it. */
export interface IVerdict {
  standing: Standing;
  cellId: string;
}

/** An act on an edit, or on a part of one: the cell's whole text before and after. For a new cell, `cellId` is its id. */
export type IJudged = Omit<EditJudged, 'type' | 'outcome'>;

const OPEN: IVerdict = { standing: 'open', cellId: '' };
const FROM_JOURNAL: Record<PastTurn['outcome'], Standing> = {
  open: 'open',
  taken: 'accepted',
  taken_back: 'undone',
  refused: 'rejected'
};

/** The verdicts of the page, by proposal; watchers are told of each. Each act also goes into the journal. */
export class Verdicts extends Watched {
  /** @param _tell Sends the act to the server, now or as soon as it is there. */
  constructor(private readonly _tell: (frame: EditJudged) => void) {
    super();
  }

  of(proposalId: string): IVerdict {
    return this._verdicts.get(proposalId) ?? OPEN;
  }

  /** The edit, or one more part of it, is in the notebook. */
  taken(judged: IJudged): void {
    this._set(judged.proposal_id, 'accepted', judged.cell_id);
    this._tell({ type: 'edit_judged', outcome: 'taken', ...judged });
  }

  /** The edit, or its last part, was taken out again; `isPart` says that other parts of it are still there. */
  takenBack(judged: IJudged, isPart = false): void {
    this._set(judged.proposal_id, isPart ? 'accepted' : 'undone', isPart ? judged.cell_id : '');
    this._tell({ type: 'edit_judged', outcome: 'taken_back', ...judged });
  }

  /** The user wants none of it. */
  refused(judged: IJudged): void {
    this._set(judged.proposal_id, 'rejected', '');
    this._tell({ type: 'edit_judged', outcome: 'refused', ...judged });
  }

  /** The cell has changed since, so the edit was not taken; this is no act of the user's, and not kept. */
  held(proposalId: string): void {
    this._set(proposalId, 'held', '');
  }

  /** What the journal knows of a turn's edit. */
  takeUp(kept: PastTurn): void {
    const proposal = kept.proposals[kept.proposals.length - 1];
    if (proposal && kept.outcome !== 'open' && !this._verdicts.has(proposal.proposal_id)) {
      this._set(proposal.proposal_id, FROM_JOURNAL[kept.outcome], kept.taken_cell_id ?? '');
    }
  }

  private _set(proposalId: string, standing: Standing, cellId: string): void {
    this._verdicts.set(proposalId, { standing, cellId });
    this.changed();
  }

  private readonly _verdicts = new Map<string, IVerdict>();
}
