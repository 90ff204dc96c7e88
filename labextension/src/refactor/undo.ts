/** A refactor out of an open notebook again, from its last act to its first; what the user typed since stays. */

import type { AppliedCell, AppliedRefactor } from '../_wire';
import { merge3, settled } from '../edit/merge';
import { writeText } from '../edit/write';
import {
  type CellJson,
  cellOf,
  idsOf,
  indexAfter,
  type IReviewedNotebook,
  isLocked,
  moveTo,
  rearrange
} from './notebook';

/** Why an act could not be taken back: its cell was changed since in the same lines, or may not be changed. */
export interface ILeft {
  readonly act: AppliedCell;
  readonly why: 'changed' | 'locked';
}

/**
 * Take a refactor back.
 *
 * @param force - whether what was changed since in the same lines is taken back, too
 * @returns what could not be taken back, in the order in which it was done
 */
export function takeBack(notebook: IReviewedNotebook, applied: AppliedRefactor, force = false): ILeft[] {
  const held = heldGroups(notebook, applied.cells, force);
  const left: ILeft[] = [];
  for (const act of [...applied.cells].reverse()) {
    const why = held.get(act.group) ?? undo(notebook, act, applied.order, force);
    if (why) {
      left.unshift({ act, why });
    }
  }
  return left;
}

/**
 * Merged and split cells go back together or not at all: else their code would stand there twice, or not at all.
 * Later acts on a cell are in the way of earlier ones, so only the last one's text is looked at.
 */
function heldGroups(
  notebook: IReviewedNotebook,
  acts: readonly AppliedCell[],
  force: boolean
): Map<string, ILeft['why']> {
  const rearranged = new Set(acts.filter(act => act.operation !== 'edit').map(act => act.group));
  const held = new Map<string, ILeft['why']>();
  const last = new Map(acts.map(act => [`${act.operation} ${act.cell_id}`, act]));
  for (const act of last.values()) {
    const why = rearranged.has(act.group) ? whyNot(notebook, act, force) : null;
    if (why) {
      held.set(act.group, why);
    }
  }
  return held;
}

function whyNot(notebook: IReviewedNotebook, act: AppliedCell, force: boolean): ILeft['why'] | null {
  const cell = cellOf(notebook, act.cell_id);
  if (!cell || act.operation === 'delete' || act.operation === 'move') {
    return null;
  }
  if (isLocked(cell, act.operation === 'edit' ? 'editable' : 'deletable')) {
    return 'locked';
  }
  const source = cell.getSource();
  const isAsLeft = act.operation === 'edit' ? merge3(act.after, source, act.before).ok : source === act.after;
  return isAsLeft || force ? null : 'changed';
}

function undo(
  notebook: IReviewedNotebook,
  act: AppliedCell,
  order: readonly string[],
  force: boolean
): ILeft['why'] | null {
  const why = whyNot(notebook, act, force);
  if (why) {
    return why;
  }
  const ids = idsOf(notebook);
  const index = ids.indexOf(act.cell_id);
  if (act.operation === 'delete') {
    if (index < 0 && act.cell) {
      const json = act.cell as CellJson;
      rearrange(notebook, () => void notebook.insertCell(indexAfter(ids, order, act.cell_id), json));
    }
  } else if (index >= 0) {
    if (act.operation === 'edit') {
      writeBack(notebook, act);
    } else if (act.operation === 'insert') {
      rearrange(notebook, () => notebook.deleteCell(index));
    } else {
      const others = ids.filter(id => id !== act.cell_id);
      moveTo(notebook, act.cell_id, indexAfter(others, order, act.cell_id));
    }
  }
  return null;
}

function writeBack(notebook: IReviewedNotebook, act: AppliedCell): void {
  const cell = cellOf(notebook, act.cell_id);
  if (cell) {
    const merge = merge3(act.after, cell.getSource(), act.before);
    writeText(cell, merge.ok ? merge.text : settled(merge.pieces, conflict => conflict.theirs));
  }
}
