/** Going from one change of a proposal to the next. */

import { EditorView } from '@codemirror/view';
import { groupsOf } from './focus';
import { isSameHunk, placesOf, type IHunk } from './linediff';
import { hunkOf } from './newlines';
import type { Spot } from './spot';

/** How many frames an editor may take to draw what it was scrolled to. */
const MAX_FRAMES = 20;

/** Go to another change and put the keyboard on its buttons; the editor has drawn only those in view. */
export function stepTo(spot: Spot, by: 1 | -1): void {
  const { suggestion } = spot;
  const [view] = spot.views;
  const hunks = suggestion?.hunks() ?? [];
  if (!view || !suggestion || !hunks.length) {
    return;
  }
  const here = focused(view, hunks);
  const caret = caretLine(view, suggestion.baseLines);
  const below = hunks.findIndex(hunk => hunk.oldTo > caret);
  const after = below < 0 ? hunks.length : below;
  const next = here >= 0 ? here + by : by > 0 ? after : after - 1;
  const hunk = hunks[(next + hunks.length) % hunks.length] as IHunk;
  if (!take(view, hunk)) {
    bringIn(view, hunk, suggestion.baseLines);
  }
}

/** The change that the keyboard is on, else the one at the caret, else the first. */
export function currentHunk(spot: Spot): IHunk | null {
  const { suggestion } = spot;
  const [view] = spot.views;
  const hunks = suggestion?.hunks() ?? [];
  if (!view || !suggestion) {
    return null;
  }
  const here = focused(view, hunks);
  const line = caretLine(view, suggestion.baseLines);
  return hunks[here] ?? hunks.find(hunk => hunk.oldFrom <= line && line <= hunk.oldTo) ?? hunks[0] ?? null;
}

function focused(view: EditorView, hunks: readonly IHunk[]): number {
  const group = groupsOf(view).find(group => group.contains(document.activeElement));
  const hunk = group && hunkOf(group);
  return hunk ? hunks.findIndex(one => isSameHunk(one, hunk)) : -1;
}

/** The line of the base at which the caret stands. */
function caretLine(view: EditorView, baseLines: readonly string[]): number {
  const { doc, selection } = view.state;
  return placesOf(doc.toString().split('\n'), baseLines)[doc.lineAt(selection.main.head).number - 1] ?? 0;
}

/** Put the keyboard on a change that is drawn. */
function take(view: EditorView, hunk: IHunk): boolean {
  const group = groupsOf(view).find(group => isShown(group, hunk));
  group?.scrollIntoView({ block: 'nearest' });
  group?.querySelector('button')?.focus({ preventScroll: true });
  return group !== undefined;
}

/** Have the editor draw a change that is far away, and go there. */
function bringIn(view: EditorView, hunk: IHunk, baseLines: readonly string[]): void {
  const { doc } = view.state;
  const place = placesOf(baseLines, doc.toString().split('\n'))[hunk.oldTo] ?? 0;
  const at = doc.line(Math.min(place + 1, doc.lines)).from;
  view.dispatch({ effects: EditorView.scrollIntoView(at, { y: 'center' }) });
  let frames = 0;
  const look = (): void => {
    if (!take(view, hunk) && ++frames < MAX_FRAMES) {
      requestAnimationFrame(look);
    }
  };
  requestAnimationFrame(look);
}

function isShown(group: HTMLElement, hunk: IHunk): boolean {
  const shown = hunkOf(group);
  return shown !== null && isSameHunk(shown, hunk);
}
