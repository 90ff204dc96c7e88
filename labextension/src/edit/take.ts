/** Taking a proposal: one undo step of its cell, and never over what the proposal was not made from. */

import { unified } from './lineends';
import { type IHunk, isSameHunk } from './linediff';
import type { ISpotCell, Spot } from './spot';
import type { Suggestion } from './suggestion';
import { writeText } from './write';

/**
 * How it went. `conflict`: the user changed the same lines meanwhile, and both are shown now; asked again, the
 * proposal is taken. `split`: a part of what it would change stands in the next cell now, and would be there twice.
 * `changed`: what was asked for is not what is shown any more.
 */
export type Taken = 'done' | 'conflict' | 'split' | 'changed' | 'gone' | 'locked' | 'early';

/** Take the whole proposal of a cell. */
export function takeAll(spot: Spot): Taken {
  const [cell, suggestion] = [spot.cell, spot.suggestion];
  const why = whyNot(spot, cell, suggestion);
  if (why || !cell || !suggestion) {
    return why ?? 'gone';
  }
  const before = unified(cell.getSource());
  const merge = suggestion.mergedWith(before);
  if (!merge.ok) {
    if (isSplit(spot, before, suggestion.base)) {
      return 'split';
    }
    suggestion.face(before);
    return 'conflict';
  }
  write(spot, cell, merge.text);
  suggestion.take();
  return 'done';
}

/** Take one change of a proposal; the others stay to be judged. */
export function takeHunk(spot: Spot, hunk: IHunk): Taken {
  const [cell, suggestion] = [spot.cell, spot.suggestion];
  const why = whyNot(spot, cell, suggestion);
  if (why || !cell || !suggestion) {
    return why ?? 'gone';
  }
  const now = unified(cell.getSource());
  const isShown = suggestion.hunks().includes(hunk);
  suggestion.follow(now);
  if (suggestion.base !== now) {
    suggestion.face(now);
    return 'conflict';
  }
  const still = suggestion.hunks().find(one => isSameHunk(one, hunk));
  if (!isShown || !still) {
    return 'changed';
  }
  const text = suggestion.withHunk(still);
  write(spot, cell, text);
  suggestion.rebase(text);
  return 'done';
}

/** Give back what was taken last, unless the cell was changed since. */
export function giveBack(spot: Spot): Taken {
  const { cell, taken } = spot;
  if (!cell || !taken) {
    return 'gone';
  }
  if (spot.isLocked) {
    return 'locked';
  }
  if (cell.getSource() !== taken.after) {
    return 'changed';
  }
  writeText(cell, taken.before);
  return 'done';
}

/** Whether the user has split the cell: its old text stands in it and in the cell above or below. */
function isSplit(spot: Spot, now: string, base: string): boolean {
  const { cells } = spot.notebook;
  const at = cells.findIndex(cell => cell.id === spot.cellId);
  const [above, below] = [cells[at - 1], cells[at + 1]].map(cell => (cell ? unified(cell.getSource()) : null));
  // Lab leaves out the empty lines at the cut.
  const lines = (text: string): string => text.split('\n').filter(Boolean).join('\n');
  const pairs = [above && `${above}\n${now}`, below && `${now}\n${below}`];
  return now !== base && pairs.some(pair => pair && lines(pair) === lines(base));
}

function whyNot(spot: Spot, cell: ISpotCell | null, suggestion: Suggestion | null): Taken | null {
  if (!cell || !suggestion?.isOpen) {
    return 'gone';
  }
  if (spot.isLocked) {
    return 'locked';
  }
  return suggestion.state === 'ready' ? null : 'early';
}

function write(spot: Spot, cell: ISpotCell, text: string): void {
  const before = cell.getSource();
  // What was taken before is not what comes back now, even if it reads the same.
  spot.taken = null;
  writeText(cell, text);
  spot.taken = { before, after: cell.getSource() };
}
