/**
 * Changes into an open notebook, cell by cell: each is an undo step of its cell, or of the notebook's order, and none
 * goes over what its cell did not hold when it was made.
 */

import type { AppliedCell, CellChange } from '../_wire';
import type { IHunk } from '../edit/linediff';
import { takeAll, takeHunk } from '../edit/take';
import type { ReviewedChange } from './change';
import { type CellJson, cellOf, idsOf, indexAfter, type IReviewedNotebook, moveTo, rearrange } from './notebook';

/** Edits first, while every cell is where it was; what goes goes last, as others may go below it. */
const SEQUENCE: Record<CellChange['operation'], number> = { edit: 0, move: 1, insert: 2, delete: 3 };

/**
 * Take changes that belong together: all of them, or none if one cannot be taken as it is.
 *
 * @param group - the changes that are taken
 * @param all - every change of the proposal, in its order
 * @param order - the cells' ids as they stood when the proposal was made
 * @returns what was done, in order
 */
export function takeGroup(
  notebook: IReviewedNotebook,
  group: readonly ReviewedChange[],
  all: readonly ReviewedChange[],
  order: readonly string[]
): AppliedCell[] {
  const open = group.filter(one => one.isOpen);
  open.forEach(one => one.follow(notebook));
  if (open.some(one => one.state !== 'open')) {
    return [];
  }
  const inTurn = [...open].sort((one, other) => SEQUENCE[one.change.operation] - SEQUENCE[other.change.operation]);
  return inTurn.flatMap(one => takeOne(notebook, one, all, order) ?? []);
}

/** Take one hunk of an edit; the rest stays to be judged. */
export function takePart(notebook: IReviewedNotebook, one: ReviewedChange, hunk: IHunk): AppliedCell | null {
  const spot = one.spot(notebook);
  const how = takeHunk(spot, hunk);
  if (!one.suggestion.isOpen) {
    one.take();
  }
  one.follow(notebook);
  return how === 'done' && spot.taken ? { ...actOf(one.change), ...spot.taken } : null;
}

function takeOne(
  notebook: IReviewedNotebook,
  one: ReviewedChange,
  all: readonly ReviewedChange[],
  order: readonly string[]
): AppliedCell | null {
  const { change } = one;
  const act = actOf(change);
  if (change.operation === 'edit') {
    const spot = one.spot(notebook);
    if (takeAll(spot) !== 'done' || !spot.taken) {
      return null;
    }
    one.take();
    return { ...act, ...spot.taken };
  }
  one.take();
  if (change.operation === 'insert') {
    insert(notebook, one, placeOf(idsOf(notebook), change, all, order));
    return { ...act, after: one.text };
  }
  const cell = cellOf(notebook, change.cell_id);
  if (!cell) {
    return null;
  }
  if (change.operation === 'delete') {
    const json = cell.toJSON() as CellJson;
    rearrange(notebook, () => notebook.deleteCell(idsOf(notebook).indexOf(change.cell_id)));
    return { ...act, before: cell.getSource(), cell: json };
  }
  const others = idsOf(notebook).filter(id => id !== change.cell_id);
  moveTo(notebook, change.cell_id, placeOf(others, change, all, order));
  return act;
}

function actOf({ change_id, group, operation, cell_id }: CellChange): AppliedCell {
  return { change_id, group, operation, cell_id, before: '', after: '', cell: null };
}

function insert(notebook: IReviewedNotebook, { change, text }: ReviewedChange, index: number): void {
  const code = change.kind === 'code' ? { outputs: [], execution_count: null } : {};
  // Lab trusts what the user accepts, as it does what they type.
  const metadata = change.kind === 'code' ? { trusted: true } : {};
  const cell: CellJson = { id: change.cell_id, cell_type: change.kind, source: text, metadata, ...code };
  rearrange(notebook, () => void notebook.insertCell(index, cell));
}

/** Where a cell goes that belongs below another: behind that one, and behind what was put there before it. */
export function placeOf(
  ids: readonly string[],
  change: CellChange,
  all: readonly ReviewedChange[],
  order: readonly string[]
): number {
  const earlier = new Map<string, CellChange>();
  for (const { change: other } of all) {
    if (other === change) {
      break;
    }
    if (other.operation === 'insert') {
      earlier.set(other.cell_id, other);
    }
  }
  // A new cell that is not there, though this one belongs below it: then below what that one belongs below.
  const anchorOf = ({ below }: CellChange): string => {
    const lacking = below !== '' && !ids.includes(below) ? earlier.get(below) : undefined;
    return lacking ? anchorOf(lacking) : below;
  };
  const anchor = anchorOf(change);
  let index = anchor === '' ? 0 : ids.indexOf(anchor) + 1;
  if (anchor !== '' && index === 0) {
    index = indexAfter(ids, order, anchor);
  }
  if (change.operation === 'insert') {
    const family = new Set([anchor]);
    for (let next = earlier.get(ids[index] ?? ''); next && family.has(anchorOf(next));) {
      family.add(next.cell_id);
      index++;
      next = earlier.get(ids[index] ?? '');
    }
  }
  return index;
}
