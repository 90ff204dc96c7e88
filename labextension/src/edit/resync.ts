/** Brings an editor and its cell together again where the cell has line ends of another system. */

import type { EditorView } from '@codemirror/view';
import { ySyncAnnotation, ySyncFacet } from '@jupyterlab/codemirror';
import { unified } from './lineends';
import { splicesOf } from './splices';

/**
 * Show a cell's text in its editor. Lab's own way from one to the other takes `\r\n` for one character here and for two
 * there, so a change behind a line end arrives in the wrong place of the editor, or not at all.
 */
export function resync(view: EditorView, source: string): void {
  const changes = splicesOf(view.state.doc.toString(), unified(source)).map(({ start, end, text }) => ({
    from: start,
    to: end,
    insert: text
  }));
  if (changes.length) {
    // Marked as come from the cell, so that it is not written there once more.
    view.dispatch({ changes, annotations: ySyncAnnotation.of(view.state.facet(ySyncFacet)) });
  }
}
