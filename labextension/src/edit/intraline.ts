/** What changed inside of a line, by words. */

import { diffArrays } from 'diff';
import type { IHunk } from './linediff';

/** A piece of a line: from this column to that one. */
export type Range = readonly [from: number, to: number];

/** What is marked in the lines of a hunk: by old and by new line number. */
export interface IMarks {
  readonly old: ReadonlyMap<number, readonly Range[]>;
  readonly fresh: ReadonlyMap<number, readonly Range[]>;
}

const WORD = /[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu;
/** Two lines of which more is different than this are two lines, not one that was changed. */
const MIN_SHARED = 0.5;
/** Longer lines are not looked into: data, not code. */
const MAX_CHARS = 500;
/** In a larger change the eye does not look for single words. */
const MAX_PAIRS = 60;

/** Whether one line may be another one after a change: at least half of the shorter one's words are in both. */
export function isAlike(one: string, other: string): boolean {
  if (one.length > MAX_CHARS || other.length > MAX_CHARS) {
    return false;
  }
  const [a, b] = [namesOf(one), namesOf(other)];
  const shared = a.filter(word => b.includes(word)).length;
  return (
    shared > 0 && shared >= MIN_SHARED * Math.min(a.length, b.length) && shared >= Math.max(a.length, b.length) / 3
  );
}

/** What changed inside of a hunk's lines that are alike; each old line is compared with one new one at most. */
export function marksOf(hunk: IHunk, oldLines: readonly string[], newLines: readonly string[]): IMarks {
  const old = new Map<number, readonly Range[]>();
  const fresh = new Map<number, readonly Range[]>();
  const isLarge = Math.max(hunk.oldTo - hunk.oldFrom, hunk.newTo - hunk.newFrom) > MAX_PAIRS;
  let next = hunk.newFrom;
  for (let line = hunk.oldFrom; line < hunk.oldTo && !isLarge; line++) {
    for (let other = next; other < hunk.newTo; other++) {
      const [before, after] = [oldLines[line] as string, newLines[other] as string];
      if (isAlike(before, after)) {
        const [gone, come] = changedRanges(before, after);
        old.set(line, gone);
        fresh.set(other, come);
        next = other + 1;
        break;
      }
    }
  }
  return { old, fresh };
}

/** What is only in the one line, and what is only in the other. */
export function changedRanges(before: string, after: string): [gone: Range[], come: Range[]] {
  const gone: Range[] = [];
  const come: Range[] = [];
  let [old, fresh] = [0, 0];
  for (const part of diffArrays(before.match(WORD) ?? [], after.match(WORD) ?? [])) {
    const length = part.value.reduce((sum, word) => sum + word.length, 0);
    if (part.removed) {
      extend(gone, old, (old += length));
    } else if (part.added) {
      extend(come, fresh, (fresh += length));
    } else {
      old += length;
      fresh += length;
    }
  }
  return [gone, come];
}

function extend(ranges: Range[], from: number, to: number): void {
  const last = ranges[ranges.length - 1];
  if (last && last[1] === from) {
    ranges[ranges.length - 1] = [last[0], to];
  } else {
    ranges.push([from, to]);
  }
}

function namesOf(line: string): string[] {
  return line.match(/[\p{L}\p{N}_]+/gu) ?? [];
}
