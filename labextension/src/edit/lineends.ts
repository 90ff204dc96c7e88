/**
 * Line ends of other systems. An editor shows them all alike and a model writes `\n`, so what is compared and shown has
 * those alone; what is written keeps the ends that the cell has.
 */

import { type ISplice, splicesOf } from './splices';

const CRLF = /\r\n/g;

/** A text as an editor has it. */
export function unified(text: string): string {
  return text.includes('\r') ? text.replace(CRLF, '\n') : text;
}

/** The changes from one text to another; what comes has the line ends that most lines of the old text have. */
export function splicesKeepingEnds(from: string, to: string): ISplice[] {
  if (!from.includes('\r\n') || to.includes('\r\n')) {
    return splicesOf(from, to);
  }
  const places = [...from.matchAll(CRLF)].map((match, index) => match.index - index);
  const end = 2 * places.length >= from.split('\n').length - 1 ? '\r\n' : '\n';
  let passed = 0;
  const at = (offset: number): number => {
    while (passed < places.length && (places[passed] as number) < offset) {
      passed++;
    }
    return offset + passed;
  };
  return splicesOf(unified(from), to).map(splice => ({
    start: at(splice.start),
    end: at(splice.end),
    text: splice.text.replace(/\n/g, end)
  }));
}
