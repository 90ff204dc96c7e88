/** What changes, checks and verdicts are called. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CellVerification, RefactorPlan } from '../_wire';
import type { ReviewedChange } from './change';
import { countLines } from './rows';
import type { Review } from './review';

/** What a change is about, in a line. */
export function titleOf(one: ReviewedChange, review: Review, trans: TranslationBundle): string {
  const { change } = one;
  const step = review.plan?.steps.find(step => step.step_id === change.step_id);
  const below = change.below ? review.indexOf(change.below) : -1;
  const place = change.below === '' ? trans.__('to the top') : below < 0 ? '' : trans.__('below cell %1', below);
  if (change.operation === 'delete') {
    return step?.operation === 'merge' ? trans.__('goes into the cell that it is merged with') : trans.__('delete');
  }
  if (change.operation === 'move') {
    return trans.__('move %1', place);
  }
  const words = step?.instruction.split('\n')[0];
  if (words) {
    return words;
  }
  if (change.operation === 'insert') {
    return change.new_source.split('\n')[0]?.replace(/^#+\s*/, '') || trans.__('new cell');
  }
  return step?.operation === 'merge' ? trans.__('merged') : renamesIn(one, review.plan) || trans.__('edit');
}

/** The names that change in a cell. */
function renamesIn({ change }: ReviewedChange, plan: RefactorPlan | null): string {
  const renames = plan?.renames.filter(({ old }) => change.old_source.includes(old)) ?? [];
  return renames.map(one => `${one.old} → ${one.new}`).join(', ');
}

/** A second line: how much, and what there is to know. */
export function noteOf(one: ReviewedChange, review: Review, trans: TranslationBundle): string {
  const { change, suggestion, state } = one;
  const parts: string[] = [];
  if (state === 'conflict') {
    return trans.__('you changed this cell meanwhile; both versions are kept');
  }
  if (state === 'gone') {
    return trans.__('the cell is gone');
  }
  if (state === 'locked') {
    return trans.__('the cell is locked');
  }
  if (change.operation !== 'move' && one.isOpen) {
    const { added, removed } = countLines(suggestion);
    parts.push([added ? `+${added}` : '', removed ? `−${removed}` : ''].filter(part => part).join(' '));
  }
  if (change.operation === 'insert') {
    parts.push(trans.__('new cell'));
  }
  const renames = change.step_id ? renamesIn(one, review.plan) : '';
  if (renames) {
    parts.push(renames);
  }
  if (change.repaired) {
    parts.push(trans.__('repaired once'));
  }
  if (marksOf(one, review).length) {
    parts.push(trans.__('output may change'));
  }
  return parts.join(' · ');
}

/** What of its checks does not hold, and what of the whole notebook's is due to it, or, of unknown cause, about its cell. */
export function findingsOf(one: ReviewedChange, review: Review): string[] {
  const { cell_id, checks, group } = one.change;
  const own = checks.filter(check => !check.ok).map(check => check.message || check.name);
  const whole = review.findings
    .filter(({ cell_id: where, groups }) => (groups.length ? groups.includes(group) : where === cell_id))
    .map(check => check.message);
  return [...new Set([...own, ...whole])];
}

/** Why the cell may put out something else, as long as no run has told whether it does. */
export function marksOf({ change, isOpen }: ReviewedChange, review: Review): readonly string[] {
  return isOpen && !verdictOf(change.cell_id, review) ? change.may_differ : [];
}

/** What the checks are called once they hold. */
export function heldChecks(one: ReviewedChange, trans: TranslationBundle): string[] {
  const held = new Set(one.change.checks.filter(check => check.ok).map(check => check.name));
  const names: [string, string][] = [
    ['parses', trans.__('parses')],
    ['names_known', trans.__('names known')],
    ['keeps_definitions', trans.__('nothing lost')],
    ['as_asked', trans.__('as asked')]
  ];
  return names.flatMap(([name, word]) => (held.has(name as never) ? [word] : []));
}

export function verdictOf(cellId: string, review: Review): CellVerification | null {
  const { verification } = review;
  const cells = verification && !verification.isOld ? verification.report?.cells : undefined;
  return cells?.find(cell => cell.before_ids.includes(cellId) || cell.after_ids.includes(cellId)) ?? null;
}

export function verdictWord(cell: CellVerification, trans: TranslationBundle): string {
  return {
    same: trans.__('same'),
    differs: trans.__('differs'),
    varies: trans.__('varies by itself'),
    newly_fails: trans.__('newly fails'),
    newly_works: trans.__('newly works'),
    still_fails: trans.__('still fails'),
    not_run: trans.__('not run')
  }[cell.verdict];
}

export const HOLDS = new Set<CellVerification['verdict']>(['same', 'varies', 'newly_works', 'still_fails']);

/** Of a cell that fails before and after nothing is known: that is no fault of the change, and no proof of it. */
export function verdictKind({ verdict }: CellVerification): 'ok' | 'look' | 'bad' {
  return verdict === 'still_fails' ? 'look' : HOLDS.has(verdict) ? 'ok' : 'bad';
}
