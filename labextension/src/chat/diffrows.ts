/** An edit by lines: what goes, what comes, and a little of what stays. */

import { diffArrays } from 'diff';

export interface IDiffRow {
  kind: 'same' | 'old' | 'new' | 'gap';
  text: string;
}

const AROUND = 2;
/** A gap of one line would take as much room as the line. */
const MIN_GAP = 2;
const MARKS: Record<IDiffRow['kind'], string> = { same: ' ', old: '-', new: '+', gap: '⋯' };

/**
 * The rows of a diff.
 *
 * While the new text still arrives (`isWhole` is false), what it has not come to yet is not counted as taken away.
 */
export function diffRows(
  oldLines: readonly string[],
  newLines: readonly string[],
  isWhole: boolean,
  saySame: (count: number) => string
): IDiffRow[] {
  const rows: IDiffRow[] = [];
  for (const part of diffArrays([...oldLines], [...newLines])) {
    const kind = part.added ? 'new' : part.removed ? 'old' : 'same';
    part.value.forEach(text => rows.push({ kind, text }));
  }
  return folded(isWhole ? rows : withoutRest(rows), saySame);
}

/** After the last line that stays, only as many lines go as have come in their place. */
function withoutRest(rows: readonly IDiffRow[]): IDiffRow[] {
  const end = rows.map(row => row.kind).lastIndexOf('same') + 1;
  const fresh = rows.slice(end).filter(row => row.kind === 'new');
  const old = rows.slice(end).filter(row => row.kind === 'old');
  return [...rows.slice(0, end), ...old.slice(0, fresh.length), ...fresh];
}

function folded(rows: readonly IDiffRow[], saySame: (count: number) => string): IDiffRow[] {
  const isNear = rows.map(row => row.kind !== 'same');
  const shown = rows.map((_, index) => isNear.slice(Math.max(0, index - AROUND), index + AROUND + 1).includes(true));
  const out: IDiffRow[] = [];
  for (let index = 0; index < rows.length;) {
    let end = index;
    while (end < rows.length && !shown[end]) {
      end++;
    }
    if (end - index >= MIN_GAP) {
      out.push({ kind: 'gap', text: saySame(end - index) });
      index = end;
    } else {
      out.push(rows[index] as IDiffRow);
      index++;
    }
  }
  return out;
}

/** Shows rows in an element; a row that is there already stays as it is. */
export class DiffView {
  constructor(label: string) {
    this.element = document.createElement('div');
    this.element.className = 'jp-Spark-diff';
    this.element.tabIndex = 0;
    this.element.setAttribute('role', 'group');
    this.element.setAttribute('aria-label', label);
    this._inner = document.createElement('div');
    this.element.append(this._inner);
  }

  readonly element: HTMLElement;

  show(rows: readonly IDiffRow[]): void {
    rows.forEach((row, index) => {
      const before = this._rows[index];
      if (before?.kind !== row.kind || before.text !== row.text) {
        const line = asLine(row);
        const there = this._inner.children[index];
        if (there) {
          there.replaceWith(line);
        } else {
          this._inner.append(line);
        }
      }
    });
    while (this._inner.children.length > rows.length) {
      this._inner.lastElementChild?.remove();
    }
    this._rows = rows;
  }

  private readonly _inner: HTMLElement;
  private _rows: readonly IDiffRow[] = [];
}

function asLine(row: IDiffRow): HTMLElement {
  const line = document.createElement('div');
  line.className = `jp-Spark-row jp-mod-${row.kind}`;
  line.dataset.mark = MARKS[row.kind];
  if (row.kind === 'old' || row.kind === 'new') {
    const tag = document.createElement(row.kind === 'old' ? 'del' : 'ins');
    tag.textContent = row.text || ' ';
    line.append(tag);
  } else {
    line.textContent = row.text || ' ';
  }
  return line;
}
