/** The smallest changes that turn one text into another, so that a caret or somebody's typing beside them stays. */

import { diffWordsWithSpace } from 'diff';
import { diffIndices } from 'node-diff3';

/** Characters `[start, end)` of the old text give way to `text`; offsets count UTF-16 units. */
export interface ISplice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Beyond so many words that go or come, lines are another text rather than a changed one. */
const MAX_WORDS = 200;

/** The changes from one text to another, in order, all by the old text's offsets. */
export function splicesOf(from: string, to: string): ISplice[] {
  const [old, fresh] = [linesOf(from), linesOf(to)];
  const out: ISplice[] = [];
  let [line, offset] = [0, 0];
  for (const { buffer1, buffer1Content, buffer2Content } of diffIndices(old, fresh)) {
    for (; line < buffer1[0]; line++) {
      offset += (old[line] as string).length;
    }
    out.push(...withinLines(buffer1Content.join(''), buffer2Content.join(''), offset));
  }
  return out;
}

/** Lines with their ends; the last one has none. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** The changed words of changed lines. */
function withinLines(from: string, to: string, at: number): ISplice[] {
  const parts = diffWordsWithSpace(from, to, { maxEditLength: MAX_WORDS });
  if (!parts) {
    return [trimmed(from, to, at)];
  }
  const out: ISplice[] = [];
  let [old, fresh] = ['', ''];
  for (const part of [...parts, null]) {
    if (part?.removed) {
      old += part.value;
    } else if (part?.added) {
      fresh += part.value;
    } else {
      if (old || fresh) {
        out.push(trimmed(old, fresh, at));
        at += old.length;
      }
      [old, fresh] = ['', ''];
      at += part?.value.length ?? 0;
    }
  }
  return out;
}

/** Without what both begin and end with; a character of two units is never cut, a shared text could not hold that. */
function trimmed(from: string, to: string, at: number): ISplice {
  const shorter = Math.min(from.length, to.length);
  let head = 0;
  while (head < shorter && from[head] === to[head]) {
    head++;
  }
  head -= isHigh(from[head - 1]) ? 1 : 0;
  let tail = 0;
  while (tail < shorter - head && from[from.length - 1 - tail] === to[to.length - 1 - tail]) {
    tail++;
  }
  tail -= tail > 0 && isLow(from[from.length - tail]) ? 1 : 0;
  return { start: at + head, end: at + from.length - tail, text: to.slice(head, to.length - tail) };
}

function isHigh(unit: string | undefined): boolean {
  return unit !== undefined && unit >= '\ud800' && unit <= '\udbff';
}

function isLow(unit: string | undefined): boolean {
  return unit !== undefined && unit >= '\udc00' && unit <= '\udfff';
}
