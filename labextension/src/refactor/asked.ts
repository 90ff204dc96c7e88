/** What a running cell asks of the review tab, and the line about it that stands below the cell. Free of JupyterLab. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReviewAsked } from '../_wire';
import type { IReviewAnswer } from '../tokens';
import type { NotebookRefactors } from './refactors';

type Answer = IReviewAnswer & { readonly isPartial?: boolean };

/**
 * Do it, as far as it can be done at once.
 *
 * @param place - where the review is
 */
export function answered(
  refactors: NotebookRefactors,
  asked: ReviewAsked,
  place: string,
  trans: TranslationBundle
): Answer {
  if (asked.action === 'undo') {
    return takenBack(refactors, asked.refactor_id, place, trans);
  }
  return asked.action === 'begin' ? begun(refactors, asked, place, trans) : accepted(refactors, place, trans);
}

function begun(refactors: NotebookRefactors, asked: ReviewAsked, place: string, trans: TranslationBundle): Answer {
  if (refactors.review?.isRunning) {
    return no(trans.__('A refactor of this notebook is under way.'), trans.__('Stop it first, in %1.', place));
  }
  const { instruction, tier, profile, plan, unasked, verify } = asked;
  refactors.setVerify(verify);
  refactors.start(instruction, { tier, profile, plan, unasked });
  return yes(
    unasked
      ? trans.__('See %1: what comes of it is accepted there, if all of it holds. Undo refactor takes it back.', place)
      : trans.__('See %1: the plan is made there, and nothing is written before you accept it.', place)
  );
}

function accepted(refactors: NotebookRefactors, place: string, trans: TranslationBundle): Answer {
  const { review } = refactors;
  if (!review || (review.phase === 'ready' && !review.open.length)) {
    return no(trans.__('There is no refactor to accept.'), trans.__('Say what to change in the notebook.'));
  }
  if (review.phase !== 'ready') {
    refactors.goOnUnasked();
    return yes(trans.__('See %1: what comes of it is accepted there, if all of it holds.', place));
  }
  const { taken } = refactors.acceptAll();
  const open = review.open.length;
  const said = trans._n('%1 cell accepted.', '%1 cells accepted.', taken);
  const left = trans._n('%1 change is left to you, in %2.', '%1 changes are left to you, in %2.', open, place);
  return yes(open ? `${said} ${left}` : `${said} ${trans.__('Undo refactor in %1 takes it back.', place)}`);
}

function takenBack(refactors: NotebookRefactors, id: string, place: string, trans: TranslationBundle): Answer {
  const standing = refactors.standing.find(one => one.id === id);
  if (!standing || !refactors.notebook) {
    return no(trans.__('This refactor does not stand in the page.'), trans.__('Look at %1.', place));
  }
  if (refactors.undo(id)) {
    return yes(trans.__('The refactor is taken back.'));
  }
  const left = trans.__('Some cells were changed since in the same lines; they were left as they are. See %1.', place);
  return { ...yes(left), isPartial: true };
}

function yes(said: string): Answer {
  return { said, problem: '', hint: '' };
}

function no(problem: string, hint: string): Answer {
  return { said: '', problem, hint };
}
