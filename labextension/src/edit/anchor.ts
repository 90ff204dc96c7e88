/** What the reader looks at: held still while a cell above it, or its upper part, changes its height. */

import type { EditorView } from '@codemirror/view';

interface IAnchor {
  /** Where it is now, in pixels of the window; null if it is gone. */
  top(): number | null;
}

/** Change an editor; whatever stood at the top of the view stands there still. */
export function held(view: EditorView, change: () => void): void {
  const scroller = scrollerOf(view.dom);
  const edge = scroller?.getBoundingClientRect().top ?? 0;
  const place = view.dom.getBoundingClientRect();
  if (!scroller || !view.dom.isConnected || place.top >= edge) {
    change(); // it begins in view or below: nothing above it moves
    return;
  }
  const anchor = place.bottom <= edge ? bottomOf(view) : firstInView(view, edge);
  const before = anchor.top();
  change();
  const after = anchor.top();
  if (before !== null && after !== null && Math.abs(after - before) >= 1) {
    scroller.scrollTop += after - before;
  }
}

/** Of an editor that the reader is to look at, so much must be in view, in pixels. */
const MIN_IN_VIEW = 120;

/** Scroll to an editor if the reader has scrolled away from it, or nearly so. */
export function bringIn(view: EditorView): void {
  const [place, window] = [view.dom.getBoundingClientRect(), scrollerOf(view.dom)?.getBoundingClientRect()];
  const height = window ? Math.min(place.bottom, window.bottom) - Math.max(place.top, window.top) : place.height;
  if (height < Math.min(place.height, MIN_IN_VIEW)) {
    view.dom.scrollIntoView({ block: 'nearest' });
  }
}

function bottomOf(view: EditorView): IAnchor {
  return { top: () => view.dom.getBoundingClientRect().bottom };
}

/** The first line, old or new, that begins in view. */
function firstInView(view: EditorView, edge: number): IAnchor {
  const lines = view.contentDOM.querySelectorAll<HTMLElement>('.cm-line, .jp-Spark-newLine');
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle] as HTMLElement).getBoundingClientRect().top >= edge) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  const line = lines[low];
  if (!line) {
    return bottomOf(view);
  }
  return line.classList.contains('cm-line') ? oldLine(view, line) : newLine(view, line);
}

function oldLine(view: EditorView, line: HTMLElement): IAnchor {
  const position = view.posAtDOM(line);
  return { top: () => view.coordsAtPos(Math.min(position, view.state.doc.length))?.top ?? null };
}

function newLine(view: EditorView, line: HTMLElement): IAnchor {
  const selector = `.jp-Spark-newLine[data-line="${line.dataset.line ?? ''}"]`;
  return { top: () => view.contentDOM.querySelector(selector)?.getBoundingClientRect().top ?? null };
}

function scrollerOf(element: HTMLElement): HTMLElement | null {
  for (let parent = element.parentElement; parent; parent = parent.parentElement) {
    const { overflowY } = getComputedStyle(parent);
    if ((overflowY === 'auto' || overflowY === 'scroll') && parent.scrollHeight > parent.clientHeight) {
      return parent;
    }
  }
  return null;
}
