/** New lines in a cell's editor, where they would stand: drawn once each, whatever comes after them. */

import { WidgetType } from '@codemirror/view';
import type { Token } from '../chat/highlight';
import { asIsland } from './island';
import type { Range } from './intraline';
import type { IHunk } from './linediff';
import { type IRevisingActions, revisionEditor } from './revising';
import type { IRevision } from './spot';

/** What the lines of a hunk are drawn from. */
export interface INewLines {
  readonly hunk: IHunk;
  readonly lines: readonly string[];
  readonly tokens: readonly (readonly Token[])[];
  readonly marks: ReadonlyMap<number, readonly Range[]>;
  readonly round: number;
  /** Its place among the changes, to be said aloud; null while it cannot be judged by itself. */
  readonly label: string | null;
  /** Whether the text still arrives below these lines. */
  readonly isOpen: boolean;
  /** Whether it is elsewhere than the user asked for changes. */
  readonly isOutside: boolean;
  /** What the user is putting in the place of these lines. */
  readonly revision: IRevision | null;
}

/** What the buttons of a hunk do, and what they are called. */
export interface IHunkActions extends IRevisingActions {
  readonly acceptLabel: string;
  readonly rejectLabel: string;
  readonly reviseLabel: string;
  readonly outsideLabel: string;
  accept(hunk: IHunk): void;
  reject(hunk: IHunk): void;
  revise(hunk: IHunk): void;
  /** The editor's own undo and redo, which the keys of a button do not reach. */
  undo(isRedo: boolean): void;
}

export const NEW_CLASS = 'jp-Spark-newLines';
/** So many lines are one block, which the browser neither lays out nor paints while it is out of view. */
const BLOCK_LINES = 16;
const PARTS = new WeakMap<HTMLElement, Rows>();

/** The widget: CodeMirror asks it to patch the element of the one before it. */
export class NewLinesWidget extends WidgetType {
  constructor(
    readonly shown: INewLines,
    readonly actions: IHunkActions
  ) {
    super();
  }

  get estimatedHeight(): number {
    return (this.shown.hunk.newTo - this.shown.hunk.newFrom) * 17;
  }

  eq(other: NewLinesWidget): boolean {
    const [a, b] = [this.shown, other.shown];
    return (
      a.round === b.round &&
      a.hunk.newFrom === b.hunk.newFrom &&
      a.hunk.newTo === b.hunk.newTo &&
      a.hunk.oldFrom === b.hunk.oldFrom &&
      a.hunk.oldTo === b.hunk.oldTo &&
      a.label === b.label &&
      a.isOpen === b.isOpen &&
      a.isOutside === b.isOutside &&
      a.revision === b.revision &&
      a.tokens.length === b.tokens.length &&
      a.marks.size === b.marks.size
    );
  }

  toDOM(): HTMLElement {
    const rows = new Rows();
    rows.show(this.shown, this.actions);
    PARTS.set(rows.element, rows);
    return rows.element;
  }

  updateDOM(dom: HTMLElement): boolean {
    const rows = PARTS.get(dom);
    return rows?.show(this.shown, this.actions) ?? false;
  }

  ignoreEvent(): boolean {
    return true;
  }
}

/** The hunk that an element shows. */
export function hunkOf(element: HTMLElement): IHunk | null {
  return PARTS.get(element)?.hunk ?? null;
}

/** The rows of one hunk. */
class Rows {
  constructor() {
    this.element = document.createElement('div');
    this.element.className = NEW_CLASS;
    this._lines = document.createElement('div');
    this.element.append(this._lines);
  }

  readonly element: HTMLElement;

  get hunk(): IHunk | null {
    return this._shown?.hunk ?? null;
  }

  /** Show lines; those that are there already stay. False if these are the lines of another hunk. */
  show(shown: INewLines, actions: IHunkActions): boolean {
    const { hunk, round } = shown;
    const isOther = this._shown !== null && (this._shown.round !== round || this._shown.hunk.newFrom !== hunk.newFrom);
    if (isOther) {
      return false;
    }
    const count = hunk.newTo - hunk.newFrom;
    while (this._rows.length > count) {
      this._rows.pop()?.remove();
    }
    for (let index = 0; index < count; index++) {
      const line = hunk.newFrom + index;
      const ranges = shown.marks.get(line) ?? [];
      const key = keyOf(shown, line, ranges);
      const there = this._rows[index];
      if (there && this._drawn[index] === key) {
        continue;
      }
      const row = rowOf(shown, line, ranges);
      if (there) {
        there.replaceWith(row);
      } else {
        this._blockOf(index).append(row);
      }
      this._rows[index] = row;
      this._drawn[index] = key;
    }
    this._fitBlocks(count);
    this.element.classList.toggle('jp-mod-open', shown.isOpen);
    this.element.classList.toggle('jp-mod-outside', shown.isOutside);
    this._showButtons(shown, actions);
    this._showEditor(shown, actions);
    this._shown = shown;
    return true;
  }

  private _blockOf(index: number): Element {
    const at = Math.floor(index / BLOCK_LINES);
    while (this._lines.childElementCount <= at) {
      this._lines.append(document.createElement('div'));
    }
    return this._lines.children[at] as Element;
  }

  /** Only a full block keeps its height whatever comes; an empty one is none. */
  private _fitBlocks(count: number): void {
    while (this._lines.childElementCount > Math.ceil(count / BLOCK_LINES)) {
      this._lines.lastElementChild?.remove();
    }
    const blocks = [...this._lines.children];
    blocks.forEach((block, at) => block.classList.toggle('jp-mod-full', (at + 1) * BLOCK_LINES < count));
  }

  private _showButtons(shown: INewLines, actions: IHunkActions): void {
    if (shown.label === null) {
      this._buttons?.remove();
      this._buttons = null;
      this.element.removeAttribute('role');
      return;
    }
    this.element.setAttribute('role', 'group');
    this.element.setAttribute('aria-label', shown.label);
    const buttons = document.createElement('span');
    buttons.className = 'jp-Spark-hunkButtons';
    buttons.hidden = shown.revision !== null;
    buttons.addEventListener('keydown', event => {
      const key = event.key.toLowerCase();
      if ((event.ctrlKey || event.metaKey) && !event.altKey && (key === 'z' || key === 'y')) {
        event.preventDefault();
        actions.undo(key === 'y' || event.shiftKey);
      }
    });
    asIsland(buttons, actions.runKey);
    if (shown.isOutside) {
      const tag = buttons.appendChild(document.createElement('span'));
      tag.className = 'jp-Spark-outside';
      tag.textContent = actions.outsideLabel;
    }
    buttons.append(
      button('✓', actions.acceptLabel, 'accept', () => actions.accept(shown.hunk)),
      button('✕', actions.rejectLabel, 'reject', () => actions.reject(shown.hunk)),
      button('✎', actions.reviseLabel, 'revise', () => actions.revise(shown.hunk))
    );
    if (this._buttons) {
      this._buttons.replaceWith(buttons);
    } else {
      this.element.prepend(buttons);
    }
    this._buttons = buttons;
  }

  private _showEditor({ revision }: INewLines, actions: IHunkActions): void {
    if (revision === this._revision) {
      return;
    }
    this._editor?.remove();
    this._editor = revision ? revisionEditor(revision, actions) : null;
    this._revision = revision;
    this._lines.hidden = revision !== null;
    if (this._buttons) {
      this._buttons.hidden = revision !== null;
    }
    if (this._editor) {
      this.element.append(this._editor);
    }
  }

  private readonly _lines: HTMLElement;
  private readonly _rows: HTMLElement[] = [];
  private readonly _drawn: string[] = [];
  private _buttons: HTMLElement | null = null;
  private _editor: HTMLElement | null = null;
  private _revision: IRevision | null = null;
  private _shown: INewLines | null = null;
}

function keyOf(shown: INewLines, line: number, ranges: readonly Range[]): string {
  return `${line < shown.tokens.length} ${ranges.join(' ')}`;
}

function rowOf(shown: INewLines, line: number, ranges: readonly Range[]): HTMLElement {
  const row = document.createElement('div');
  row.className = 'jp-Spark-newLine';
  row.dataset.line = String(line);
  const text = shown.lines[line] as string;
  if (text) {
    row.append(...pieces(text, shown.tokens[line] ?? [], ranges));
  } else {
    row.append('\u200b');
  }
  return row;
}

/** A line's text in pieces, each of one colour and marked as a whole or not at all. */
function pieces(text: string, tokens: readonly Token[], ranges: readonly Range[]): Node[] {
  const cuts = new Set([0, text.length]);
  tokens.forEach(([from, to]) => cuts.add(from).add(to));
  ranges.forEach(([from, to]) => cuts.add(from).add(to));
  const places = [...cuts].sort((a, b) => a - b);
  const out: Node[] = [];
  for (let index = 0; index + 1 < places.length; index++) {
    const [from, to] = [places[index] as number, places[index + 1] as number];
    const token = tokens.find(([start, end]) => start <= from && to <= end);
    const isMarked = ranges.some(([start, end]) => start <= from && to <= end);
    const piece = text.slice(from, to);
    if (!token && !isMarked) {
      out.push(document.createTextNode(piece));
      continue;
    }
    const span = document.createElement(isMarked ? 'ins' : 'span');
    span.className = token?.[2] ?? '';
    span.textContent = piece;
    out.push(span);
  }
  return out;
}

function button(text: string, label: string, name: string, run: () => void): HTMLElement {
  const element = document.createElement('button');
  element.type = 'button';
  element.textContent = text;
  element.title = label;
  element.setAttribute('aria-label', label);
  element.dataset.act = name;
  element.addEventListener('click', run);
  return element;
}
