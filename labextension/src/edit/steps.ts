/** Going from one change of a proposal to the next. */

import type { EditorView } from '@codemirror/view';
import { placesOf, type IHunk } from './linediff';
import { NEW_CLASS } from './newlines';
import type { Spot } from './spot';

/** Go to another change and put the keyboard on its buttons. */
export function stepTo(spot: Spot, by: 1 | -1): void {
  const [view] = spot.views;
  const groups = view ? groupsOf(view) : [];
  if (!view || !groups.length) {
    return;
  }
  const here = groups.findIndex(group => group.contains(document.activeElement));
  const caret = view.coordsAtPos(view.state.selection.main.head)?.top ?? 0;
  const below = groups.findIndex(group => group.getBoundingClientRect().top >= caret);
  const from = here >= 0 ? here : by > 0 ? (below < 0 ? groups.length : below) - 1 : below < 0 ? groups.length : below;
  const group = groups[(from + by + groups.length) % groups.length];
  group?.scrollIntoView({ block: 'nearest' });
  group?.querySelector('button')?.focus({ preventScroll: true });
}

/** The change that the keyboard is on, else the one at the caret, else the first. */
export function currentHunk(spot: Spot): IHunk | null {
  const { suggestion } = spot;
  const [view] = spot.views;
  const hunks = suggestion?.hunks() ?? [];
  if (!view || !suggestion) {
    return null;
  }
  const here = groupsOf(view).findIndex(group => group.contains(document.activeElement));
  if (here >= 0) {
    return hunks[here] ?? null;
  }
  const { doc, selection } = view.state;
  const places = placesOf(doc.toString().split('\n'), suggestion.baseLines);
  const line = places[doc.lineAt(selection.main.head).number - 1] ?? 0;
  return hunks.find(hunk => hunk.oldFrom <= line && line <= hunk.oldTo) ?? hunks[0] ?? null;
}

function groupsOf(view: EditorView): HTMLElement[] {
  return [...view.contentDOM.querySelectorAll<HTMLElement>(`.${NEW_CLASS}[role=group]`)];
}
