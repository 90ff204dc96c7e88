/** What the user made of a refactor: the server keeps it for the page that is loaded again. Free of JupyterLab. */

import type { KeptChange, ReviewKept } from '../_wire';
import type { ReviewedChange } from './change';
import type { Review, VerifyMode } from './review';

/** All of it, as it is now. */
export function keptOf(review: Review, verify: VerifyMode): ReviewKept {
  const { id: refactor_id, plan, proposalId: proposal_id } = review;
  return { type: 'review_kept', refactor_id, plan, proposal_id, changes: review.changes.flatMap(keptChange), verify };
}

/** What is taken stands in the notebook, and the journal knows it. */
function keptChange(one: ReviewedChange): KeptChange[] {
  if (one.state === 'taken') {
    return [];
  }
  const { change, suggestion, isTicked: ticked } = one;
  const refused = one.state === 'refused';
  const isWhole = refused || one.isAsMade;
  const [base, text] = isWhole ? [null, null] : [suggestion.base, suggestion.text];
  return [{ change_id: change.change_id, refused, ticked, partly: suggestion.hasTaken, base, text }];
}

/** Bring back what the user made of changes that are fresh. */
export function bringBack(changes: readonly ReviewedChange[], kept: ReviewKept): void {
  const before = new Map(kept.changes.map(one => [one.change_id, one]));
  for (const one of changes) {
    const told = before.get(one.change.change_id);
    if (told && told.base !== null && told.text !== null) {
      one.resume(told.base, told.text, told.partly);
    }
    if (told?.refused) {
      one.refuse();
    }
  }
  tickAgain(changes, kept);
}

/** Tick what was ticked, whatever was found since to speak against it: the user knew. */
export function tickAgain(changes: readonly ReviewedChange[], kept: ReviewKept): void {
  const ticked = new Map(kept.changes.map(one => [one.change_id, one.ticked]));
  changes.forEach(one => (one.isTicked = ticked.get(one.change.change_id) ?? one.isTicked));
}
