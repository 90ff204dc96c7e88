/** Three texts of a cell become one: what it was, what it is now, and what is proposed. By lines, as git does. */

import { diff3Merge } from 'node-diff3';
import { isAlike } from './intraline';

/** Where both sides changed the same lines, or lines that touch, each in its own way. */
export interface IConflict {
  readonly kind: 'conflict';
  readonly base: readonly string[];
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

/** Lines on which both sides agree, or that one of them left alone. */
export interface IAgreed {
  readonly kind: 'agreed';
  readonly lines: readonly string[];
}

/** A merged text, or the pieces of one with the conflicts in their places. */
export type Merge =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly pieces: readonly (IAgreed | IConflict)[] };

/**
 * Merge two changes of a text.
 *
 * Lines are compared as they are, a carriage return included. Little is guessed: changes of lines that touch are a
 * conflict, unless one side did nothing but put lines in, beside the lines that the other changed: those are kept
 * where they were put. The same change on both sides is none.
 *
 * @param base - what both sides began from
 * @param ours - what stands now, with all that was typed
 * @param theirs - what is proposed
 */
export function merge3(base: string, ours: string, theirs: string): Merge {
  if (ours === base || ours === theirs) {
    return { ok: true, text: theirs };
  }
  if (theirs === base) {
    return { ok: true, text: ours };
  }
  const [a, o, b] = [ours, base, theirs].map(text => text.split('\n')) as [string[], string[], string[]];
  const pieces = diff3Merge(a, o, b).map(asPiece).map(withPutIn);
  const lines: string[] = [];
  for (const piece of pieces) {
    if (piece.kind === 'conflict') {
      return { ok: false, pieces };
    }
    lines.push(...piece.lines);
  }
  return { ok: true, text: lines.join('\n') };
}

/** The text that comes of a conflict's pieces when each conflict is settled by `choose`. */
export function settled(
  pieces: readonly (IAgreed | IConflict)[],
  choose: (conflict: IConflict) => readonly string[]
): string {
  return pieces.flatMap(piece => (piece.kind === 'agreed' ? piece.lines : choose(piece))).join('\n');
}

function asPiece(region: ReturnType<typeof diff3Merge<string>>[number]): IAgreed | IConflict {
  const { ok, conflict } = region;
  return conflict
    ? { kind: 'conflict', base: conflict.o, ours: conflict.a, theirs: conflict.b }
    : { kind: 'agreed', lines: ok ?? [] };
}

/** A conflict in which one side only put lines in is none. */
function withPutIn(piece: IAgreed | IConflict): IAgreed | IConflict {
  if (piece.kind === 'agreed') {
    return piece;
  }
  const { base, ours, theirs } = piece;
  const [mine, yours] = [putInto(base, ours, theirs), putInto(base, theirs, ours)];
  const lines = mine && yours ? null : (mine ?? yours); // both put something in: which one comes first?
  return lines ? { kind: 'agreed', lines } : piece;
}

/** The changed lines with those that the other side put in before, behind or between them; null if it did more. */
function putInto(base: readonly string[], put: readonly string[], changed: readonly string[]): string[] | null {
  const count = put.length - base.length;
  if (!base.length || count <= 0) {
    return null;
  }
  for (let at = base.length; at >= 0; at--) {
    const isPutHere = base.every((line, index) => line === put[index < at ? index : index + count]);
    const place = isPutHere ? placeIn(base, changed, at) : -1;
    if (place >= 0) {
      return [...changed.slice(0, place), ...put.slice(at, at + count), ...changed.slice(place)];
    }
  }
  return null;
}

/** Where in the changed lines a place between two old lines is: certain at both ends, else if the lines there are alike. */
function placeIn(base: readonly string[], changed: readonly string[], at: number): number {
  if (at === 0 || at === base.length) {
    return at && changed.length;
  }
  const beside = [at - 1, at].every(index => isAlike(base[index] as string, changed[index] ?? ''));
  return base.length === changed.length && beside ? at : -1;
}
