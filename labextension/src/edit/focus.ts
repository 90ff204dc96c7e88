/** Keeps the keyboard where it is while the widgets of an editor are drawn anew. */

import type { EditorView } from '@codemirror/view';
import { NEW_CLASS } from './newlines';

/** Change an editor. The button that had the keyboard may go with its change: then it is on that of the next one. */
export function keepingFocus(view: EditorView, change: () => void): void {
  const before = document.activeElement;
  const isInside = before instanceof HTMLElement && before !== view.contentDOM && view.contentDOM.contains(before);
  const at = isInside ? groupsOf(view).findIndex(group => group.contains(before)) : -1;
  change();
  if (!isInside || (before.isConnected && document.activeElement === before)) {
    return;
  }
  const groups = groupsOf(view);
  const group = groups[Math.min(at, groups.length - 1)];
  const same = before.dataset.act && group?.querySelector<HTMLElement>(`[data-act="${before.dataset.act}"]`);
  const next = same || group?.querySelector<HTMLElement>('textarea, button');
  if (next) {
    next.focus({ preventScroll: true });
    copySelection(before, next);
  } else {
    view.focus();
  }
}

/** The changes that are drawn, and can be judged one by one. */
export function groupsOf(view: EditorView): HTMLElement[] {
  return [...view.contentDOM.querySelectorAll<HTMLElement>(`.${NEW_CLASS}[role=group]`)];
}

function copySelection(from: Element, to: Element): void {
  if (from instanceof HTMLTextAreaElement && to instanceof HTMLTextAreaElement) {
    to.setSelectionRange(from.selectionStart, from.selectionEnd);
  }
}
