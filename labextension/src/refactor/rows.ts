/** The lines of a change, with the change that each belongs to, and a little of what stays around. */

import type { Suggestion } from '../edit/suggestion';

export interface ICodeRow {
  readonly kind: 'same' | 'old' | 'new' | 'gap';
  readonly text: string;
  /** The line in the old text (`old`) or the new one (`same`, `new`). */
  readonly line: number;
  /** Which change it belongs to; -1 for none. */
  readonly hunk: number;
}

const AROUND = 3;
/** A gap of one line would take as much room as the line. */
const MIN_GAP = 2;

/** The rows of a suggestion; while it arrives, what it has not come to yet is not shown. */
export function codeRows(suggestion: Suggestion): ICodeRow[] {
  const { baseLines, lines } = suggestion;
  const out: ICodeRow[] = [];
  let fresh = 0;
  // An empty text is no line that goes or comes.
  const [wasEmpty, isEmpty] = [suggestion.base === '', suggestion.text === ''];
  suggestion.hunks().forEach(({ oldFrom, oldTo, newFrom, newTo }, hunk) => {
    out.push(...same(lines, fresh, newFrom));
    for (let line = oldFrom; line < oldTo && !wasEmpty; line++) {
      out.push({ kind: 'old', text: baseLines[line] as string, line, hunk });
    }
    for (let line = newFrom; line < newTo && !isEmpty; line++) {
      out.push({ kind: 'new', text: lines[line] as string, line, hunk });
    }
    fresh = newTo;
  });
  out.push(...same(lines, fresh, lines.length));
  return folded(out);
}

/** How many lines come and go. */
export function countLines(suggestion: Suggestion): { added: number; removed: number } {
  let [added, removed] = [0, 0];
  for (const { oldFrom, oldTo, newFrom, newTo } of suggestion.hunks()) {
    added += suggestion.text === '' ? 0 : newTo - newFrom;
    removed += suggestion.base === '' ? 0 : oldTo - oldFrom;
  }
  return { added, removed };
}

function same(lines: readonly string[], from: number, to: number): ICodeRow[] {
  return lines.slice(from, to).map((text, index) => ({ kind: 'same', text, line: from + index, hunk: -1 }));
}

function folded(rows: readonly ICodeRow[]): ICodeRow[] {
  const near = new Set<number>();
  rows.forEach((row, index) => {
    for (let at = index - AROUND; row.kind !== 'same' && at <= index + AROUND; at++) {
      near.add(at);
    }
  });
  const out: ICodeRow[] = [];
  for (let index = 0; index < rows.length;) {
    let end = index;
    while (end < rows.length && !near.has(end)) {
      end++;
    }
    const row = rows[index] as ICodeRow;
    if (end - index >= MIN_GAP) {
      out.push({ kind: 'gap', text: String(end - index), line: row.line, hunk: -1 });
      index = end;
    } else {
      out.push(row);
      index++;
    }
  }
  return out;
}
