/** Going to a cell: a change is shown there next. */

import type { Cell } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';

/** Make a cell the active one, with the keyboard on it, so that the keys of a change work; its code comes into view. */
export function goTo(panel: NotebookPanel, cell: Cell): void {
  const { content } = panel;
  content.mode = 'command';
  content.deselectAll();
  content.activeCellIndex = content.widgets.indexOf(cell);
  if (cell.inputHidden) {
    cell.inputHidden = false;
  }
  cell.node.focus({ preventScroll: true });
  cell.inputArea?.node.scrollIntoView({ block: 'nearest' });
}
