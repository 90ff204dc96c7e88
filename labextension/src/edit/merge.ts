/** Three texts of a cell become one: what it was, what it is now, and what is proposed. By lines, as git does. */

import { diff3Merge } from 'node-diff3';

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
 * Lines are compared as they are, a carriage return included. Nothing is guessed: changes of lines that touch are a
 * conflict, the same change on both sides is not.
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
  const pieces = diff3Merge(a, o, b).map(asPiece);
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
