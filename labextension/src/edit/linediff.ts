/**
 * A diff by lines that makes sense while the new text still arrives.
 *
 * The longest common subsequence after Hunt and Szymanski, "A fast algorithm for computing longest common
 * subsequences" (CACM 20, 1977): it reads the new lines one after the other, so a line that arrives costs as much as
 * the old text has lines like it, however many lines came before.
 */

import { isAlike } from './intraline';

/** A change: old lines `[oldFrom, oldTo)` give way to new lines `[newFrom, newTo)`; one of the two may be empty. */
export interface IHunk {
  readonly oldFrom: number;
  readonly oldTo: number;
  readonly newFrom: number;
  readonly newTo: number;
}

interface IMatch {
  readonly old: number;
  readonly fresh: number;
  readonly before: IMatch | null;
}

/** A line that says nothing by itself: a bracket, nothing. That it comes twice does not make two texts alike. */
const EMPTY_WORD = /^[\s()[\]{}:,;]*$/;
/** How far ahead in the old text a line is looked for that the newest one may stand for. */
const AHEAD = 3;
/** A change of more lines than this is cut where an old line and a new one are alike, into pieces of about so many. */
const MAX_LINES = 12;
const PIECE_LINES = 8;

/** The diff of an old text and a new one that grows. */
export class LineDiff {
  constructor(readonly oldLines: readonly string[]) {
    oldLines.forEach((line, index) => {
      const places = this._places.get(line);
      if (places) {
        places.push(index);
      } else {
        this._places.set(line, [index]);
      }
    });
  }

  readonly newLines: string[] = [];

  /** More lines of the new text. */
  add(lines: readonly string[]): void {
    for (const line of lines) {
      const fresh = this.newLines.push(line) - 1;
      const places = this._places.get(line) ?? [];
      // From the last place to the first, so that one line is matched at most once.
      for (let index = places.length - 1; index >= 0; index--) {
        this._match(places[index] as number, fresh);
      }
    }
  }

  /** The changes, in order; a long one in pieces, so that what comes stands beside what goes. */
  hunks(isWhole: boolean): IHunk[] {
    return this.changes(isWhole).flatMap(hunk => [...this._pieces(hunk)]);
  }

  /** The changes, each whole; while the text is not, what it has not come to yet is not counted as taken away. */
  changes(isWhole: boolean): IHunk[] {
    const matches = this._matches();
    const out: IHunk[] = [];
    let [old, fresh] = [0, 0];
    for (const match of matches) {
      push(out, { oldFrom: old, oldTo: match.old, newFrom: fresh, newTo: match.fresh });
      [old, fresh] = [match.old + 1, match.fresh + 1];
    }
    const newTo = this.newLines.length;
    const oldTo = isWhole ? this.oldLines.length : this._reached(old, fresh);
    push(out, { oldFrom: old, oldTo, newFrom: fresh, newTo });
    return out;
  }

  private _match(old: number, fresh: number): void {
    // `_ends[k]` is the match that ends a common subsequence of k + 1 lines earliest in the old text.
    let [low, high] = [0, this._ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this._ends[middle] as IMatch).old < old) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (this._ends[low]?.old !== old) {
      this._ends[low] = { old, fresh, before: low ? (this._ends[low - 1] as IMatch) : null };
    }
  }

  /** The lines that stay, without those between two changes that say nothing: the two changes are one. */
  private _matches(): IMatch[] {
    const all: IMatch[] = [];
    for (let match = this._ends[this._ends.length - 1] ?? null; match; match = match.before) {
      all.push(match);
    }
    all.reverse();
    return all.filter((match, index) => {
      if (!EMPTY_WORD.test(this.oldLines[match.old] as string)) {
        return true;
      }
      let [first, last] = [index, index];
      while (first > 0 && isNext(all[first - 1], all[first]) && this._isBare(all[first - 1])) {
        first--;
      }
      while (last < all.length - 1 && isNext(all[last], all[last + 1]) && this._isBare(all[last + 1])) {
        last++;
      }
      const isHeld = isNext(all[first - 1], all[first]) || isNext(all[last], all[last + 1]);
      return isHeld || first === 0 || last === all.length - 1;
    });
  }

  private _isBare(match: IMatch | undefined): boolean {
    return match !== undefined && EMPTY_WORD.test(this.oldLines[match.old] as string);
  }

  /** Up to which old line the open end has come: past each line that one of the new ones is like. */
  private _reached(old: number, fresh: number): number {
    let reached = old;
    const rest = { oldFrom: old, oldTo: this.oldLines.length, newFrom: fresh, newTo: this.newLines.length };
    for (const [line] of this._pairs(rest)) {
      reached = line + 1;
    }
    return reached;
  }

  /** The lines of a change that are alike, in order. */
  private *_pairs({ oldFrom, oldTo, newFrom, newTo }: IHunk): Generator<[old: number, fresh: number]> {
    let reached = oldFrom;
    for (let index = newFrom; index < newTo; index++) {
      const end = Math.min(oldTo, reached + AHEAD);
      for (let ahead = reached; ahead < end; ahead++) {
        if (this._alike(ahead, index)) {
          reached = ahead + 1;
          yield [ahead, index];
          break;
        }
      }
    }
  }

  /** A long change, cut before lines that are alike. More lines at its end change nothing but the last piece. */
  private *_pieces(hunk: IHunk): Generator<IHunk> {
    let { oldFrom, newFrom } = hunk;
    if (Math.max(hunk.oldTo - oldFrom, hunk.newTo - newFrom) > MAX_LINES) {
      for (const [old, fresh] of this._pairs(hunk)) {
        if (Math.max(old - oldFrom, fresh - newFrom) >= PIECE_LINES) {
          yield { oldFrom, oldTo: old, newFrom, newTo: fresh };
          [oldFrom, newFrom] = [old, fresh];
        }
      }
    }
    yield { ...hunk, oldFrom, newFrom };
  }

  private _alike(old: number, fresh: number): boolean {
    const key = fresh * (this.oldLines.length + 1) + old;
    let alike = this._likeness.get(key);
    if (alike === undefined) {
      alike = isAlike(this.oldLines[old] as string, this.newLines[fresh] as string);
      this._likeness.set(key, alike);
    }
    return alike;
  }

  private readonly _places = new Map<string, number[]>();
  private readonly _ends: IMatch[] = [];
  private readonly _likeness = new Map<number, boolean>();
}

/** Whether two changes are the same lines. */
export function isSameHunk(one: IHunk, other: IHunk): boolean {
  return (
    one.oldFrom === other.oldFrom &&
    one.oldTo === other.oldTo &&
    one.newFrom === other.newFrom &&
    one.newTo === other.newTo
  );
}

/** Lines with others in the place of `[from, to)`. */
export function spliced(lines: readonly string[], from: number, to: number, others: readonly string[]): string[] {
  return [...lines.slice(0, from), ...others, ...lines.slice(to)];
}

/** The changes between two whole texts. */
export function diffLines(oldLines: readonly string[], newLines: readonly string[]): IHunk[] {
  const diff = new LineDiff(oldLines);
  diff.add(newLines);
  return diff.changes(true);
}

/**
 * Where each line of one text stands in another; lines that are gone stand where the next kept one does.
 *
 * The result is one longer than the text: its last entry is the other text's length.
 */
export function placesOf(lines: readonly string[], others: readonly string[]): number[] {
  const places: number[] = [];
  for (const { oldFrom, oldTo, newFrom, newTo } of diffLines(lines, others)) {
    const shift = newFrom - oldFrom;
    while (places.length < oldFrom) {
      places.push(places.length + shift);
    }
    while (places.length < oldTo) {
      places.push(newTo);
    }
  }
  const shift = others.length - lines.length;
  while (places.length <= lines.length) {
    places.push(places.length + shift);
  }
  return places;
}

function push(hunks: IHunk[], hunk: IHunk): void {
  if (hunk.oldTo > hunk.oldFrom || hunk.newTo > hunk.newFrom) {
    hunks.push(hunk);
  }
}

function isNext(one: IMatch | undefined, other: IMatch | undefined): boolean {
  return !!one && !!other && one.old + 1 === other.old && one.fresh + 1 === other.fresh;
}
