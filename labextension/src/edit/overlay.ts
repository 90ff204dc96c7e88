/**
 * A proposed edit over a cell's editor, as decorations. The document is never touched: saving, running and undoing
 * know of nothing but the old text until the user takes the new one.
 */

import {
  type EditorState,
  type Extension,
  type Range as Placed,
  StateEffect,
  StateField,
  type Text
} from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, WidgetType } from '@codemirror/view';
import type { Token } from '../chat/highlight';
import { asIsland } from './island';
import { type IMarks, type Range } from './intraline';
import { type IHunk, isSameHunk, placesOf } from './linediff';
import type { IRevision } from './spot';
import { type IHunkActions, type INewLines, NewLinesWidget } from './newlines';

/** What is shown over an editor. */
export interface IOverlay {
  readonly baseLines: readonly string[];
  readonly lines: readonly string[];
  readonly hunks: readonly IHunk[];
  readonly marks: readonly IMarks[];
  readonly tokens: readonly (readonly Token[])[];
  readonly round: number;
  readonly isRunning: boolean;
  readonly isReady: boolean;
  /** Whether long unchanged regions are folded, and those that the reader opened again, by base line. */
  readonly folds: boolean;
  readonly unfolded: ReadonlySet<number>;
  /** The changes that are not where the user asked for some. */
  readonly outside: readonly IHunk[];
  /** The base lines that the user wrote while the proposal was on its way, and that would go. */
  readonly own: ReadonlySet<number>;
  readonly revision: IRevision | null;
  readonly actions: IOverlayActions;
}

export interface IOverlayActions extends IHunkActions {
  nameOf(index: number, count: number): string;
  sayFolded(count: number): string;
  sayRemoved(count: number): string;
  readonly ownLabel: string;
  unfold(line: number): void;
}

/** Shows an overlay, or takes it away. */
export const showOverlay = StateEffect.define<IOverlay | null>();

/** A region is folded if it is longer than this, and this many lines beside a change are not. */
const MIN_FOLD = 8;
const AROUND = 3;
/** Where lines come in the place of more than this, those that go are folded: else what comes is out of sight. */
const MAX_REMOVED = 20;

interface IShown {
  overlay: IOverlay | null;
  decorations: DecorationSet;
}

const field = StateField.define<IShown>({
  create: () => ({ overlay: null, decorations: Decoration.none }),
  update: (shown, transaction) => {
    for (const effect of transaction.effects) {
      if (effect.is(showOverlay)) {
        return {
          overlay: effect.value,
          decorations: effect.value ? decorate(effect.value, transaction.state) : Decoration.none
        };
      }
    }
    return transaction.docChanged ? { ...shown, decorations: shown.decorations.map(transaction.changes) } : shown;
  },
  provide: own => EditorView.decorations.from(own, shown => shown.decorations)
});

/** The extension: the same for all editors. */
export const overlayExtension: Extension = field;

/** The overlay of an editor. */
export function overlayOf(state: EditorState): IOverlay | null {
  return state.field(field, false)?.overlay ?? null;
}

function decorate(overlay: IOverlay, state: EditorState): DecorationSet {
  const { doc } = state;
  const here = doc.toString().split('\n');
  const isSame =
    here.length === overlay.baseLines.length && here.every((line, index) => line === overlay.baseLines[index]);
  const places = isSame ? null : placesOf(overlay.baseLines, here);
  const place = (line: number): number => (places ? (places[line] as number) : line);
  const placed: Placed<Decoration>[] = [];
  overlay.hunks.forEach((hunk, index) => {
    for (let line = hunk.oldFrom; line < hunk.oldTo; line++) {
      const at = place(line);
      if (at < doc.lines && here[at] === overlay.baseLines[line]) {
        const ranges = overlay.marks[index]?.old.get(line) ?? [];
        placed.push(...removedLine(doc, at, ranges, overlay.own.has(line) ? ownLine(overlay.actions) : OLD_LINE));
      }
    }
    placed.push(newLines(overlay, index, doc, place(hunk.oldTo)));
  });
  if (isSame) {
    placed.push(...(overlay.folds ? folds(overlay, state) : []), ...removedFolds(overlay, state));
  }
  return Decoration.set(placed, true);
}

function removedLine(doc: Text, at: number, ranges: readonly Range[], as: Decoration): Placed<Decoration>[] {
  const line = doc.line(at + 1);
  const marks = ranges.filter(([from, to]) => to > from && to <= line.length);
  return [as.range(line.from), ...marks.map(([from, to]) => CUT.range(line.from + from, line.from + to))];
}

const OLD_LINE = Decoration.line({ class: 'jp-Spark-oldLine' });

/** A line that goes, and that the user wrote meanwhile. */
function ownLine({ ownLabel }: IOverlayActions): Decoration {
  return Decoration.line({ class: 'jp-Spark-oldLine jp-mod-own', attributes: { 'data-own': ownLabel } });
}

const CUT = Decoration.mark({ class: 'jp-Spark-cut', tagName: 'del' });

function newLines(overlay: IOverlay, index: number, doc: Text, at: number): Placed<Decoration> {
  const { hunks, lines, tokens, marks, round, isReady, isRunning, outside, revision, actions } = overlay;
  const hunk = hunks[index] as IHunk;
  const shown: INewLines = {
    hunk,
    lines,
    tokens,
    round,
    marks: marks[index]?.fresh ?? new Map<number, readonly Range[]>(),
    label: isReady ? actions.nameOf(index, hunks.length) : null,
    isOpen: isRunning && hunk.newTo === lines.length,
    isOutside: outside.includes(hunk),
    revision: revision && isSameHunk(revision.hunk, hunk) ? revision : null
  };
  const widget = new NewLinesWidget(shown, actions);
  const isAtEnd = at >= doc.lines;
  return Decoration.widget({ widget, block: true, side: isAtEnd ? 1 : -1 }).range(
    isAtEnd ? doc.length : doc.line(at + 1).from
  );
}

function* folds(overlay: IOverlay, state: EditorState): Generator<Placed<Decoration>> {
  const { hunks, baseLines, unfolded, actions } = overlay;
  if (!hunks.length) {
    return;
  }
  const caret = state.doc.lineAt(state.selection.main.head).number - 1;
  let from = 0;
  for (const next of [...hunks, null]) {
    const start = from === 0 ? 0 : from + AROUND;
    const end = next ? next.oldFrom - AROUND : baseLines.length;
    const count = end - start;
    if (count >= MIN_FOLD && !unfolded.has(start) && !(caret >= start && caret < end)) {
      yield fold(state, start, end, new FoldWidget(count, actions.sayFolded(count), actions, start));
    }
    from = next?.oldTo ?? from;
  }
}

/** The middle of what goes, where much goes and something comes. */
function* removedFolds({ hunks, unfolded, own, actions }: IOverlay, state: EditorState): Generator<Placed<Decoration>> {
  const caret = state.doc.lineAt(state.selection.main.head).number - 1;
  for (const { oldFrom, oldTo, newFrom, newTo } of hunks) {
    const [start, end] = [oldFrom + AROUND, oldTo - AROUND];
    const hasOwn = [...own].some(line => line >= start && line < end);
    if (newTo === newFrom || oldTo - oldFrom <= MAX_REMOVED || hasOwn) {
      continue;
    }
    // The caret's line stays: what is typed is seen.
    const isHere = caret >= start && caret < end;
    for (const [from, to] of isHere ? [[start, caret] as const, [caret + 1, end] as const] : [[start, end] as const]) {
      if (to - from >= MIN_FOLD && !unfolded.has(from)) {
        const widget = new FoldWidget(to - from, actions.sayRemoved(to - from), actions, from, 'jp-mod-removed');
        yield fold(state, from, to, widget);
      }
    }
  }
}

function fold(state: EditorState, start: number, end: number, widget: WidgetType): Placed<Decoration> {
  return Decoration.replace({ widget, block: true }).range(state.doc.line(start + 1).from, state.doc.line(end).to);
}

/** Stands for lines that stay as they are. */
class FoldWidget extends WidgetType {
  constructor(
    private readonly _count: number,
    private readonly _label: string,
    private readonly _actions: IOverlayActions,
    private readonly _line: number,
    private readonly _kind = ''
  ) {
    super();
  }

  eq(other: FoldWidget): boolean {
    return other._count === this._count && other._line === this._line && other._kind === this._kind;
  }

  toDOM(): HTMLElement {
    const element = document.createElement('button');
    element.type = 'button';
    element.className = `jp-Spark-fold ${this._kind}`;
    element.textContent = `⋯ ${this._label}`;
    element.addEventListener('click', () => this._actions.unfold(this._line));
    asIsland(element, this._actions.runKey);
    return element;
  }

  ignoreEvent(): boolean {
    return true;
  }
}
