/** What is being typed: a slash command at the start, or a piece of context after an `@`. */

import type { IPiece } from './pieces';

/** What is asked for, and where in the text it stands. */
export interface IAsked {
  kind: 'command' | 'piece';
  query: string;
  from: number;
  to: number;
}

/** A line of the completion list. */
export interface ICandidate {
  key: string;
  label: string;
  detail: string;
  /** What the text becomes; a piece also becomes a chip. */
  insert: string;
  piece?: IPiece;
}

const SHOWN = 12;

/** Return what is asked for at the caret, if anything. */
export function askedAt(text: string, caret: number): IAsked | null {
  const before = text.slice(0, caret);
  const command = /^\/([a-z]*)$/.exec(before) ?? /^\/deep \/([a-z]*)$/.exec(before);
  if (command) {
    return { kind: 'command', query: command[1] as string, from: caret - (command[1] as string).length - 1, to: caret };
  }
  const at = /(?:^|[\s(])@([^\s@]*)$/.exec(before);
  if (at) {
    return { kind: 'piece', query: at[1] as string, from: caret - (at[1] as string).length - 1, to: caret };
  }
  return null;
}

/** Candidates that fit what was typed: those that begin with it first, then those that hold it. */
export function fitting(candidates: readonly ICandidate[], query: string): ICandidate[] {
  const wanted = query.toLowerCase();
  const begins: ICandidate[] = [];
  const holds: ICandidate[] = [];
  for (const candidate of candidates) {
    const label = candidate.label.toLowerCase().replace(/^\//, '');
    if (label.startsWith(wanted)) {
      begins.push(candidate);
    } else if (label.includes(wanted) || candidate.detail.toLowerCase().includes(wanted)) {
      holds.push(candidate);
    }
  }
  return [...begins, ...holds].slice(0, SHOWN);
}

/** The text with a candidate in the place of what was typed, and where the caret is after it. */
export function complete(text: string, asked: IAsked, candidate: ICandidate): { text: string; caret: number } {
  const after = text.slice(asked.to);
  const insert = candidate.insert + (candidate.insert.endsWith('/') || after.startsWith(' ') ? '' : ' ');
  return { text: text.slice(0, asked.from) + insert + after, caret: asked.from + insert.length };
}
