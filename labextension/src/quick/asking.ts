/** What a click on a quick instruction asks. */

import type { Cell } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { goTo } from '../notebook/goto';
import { NEW_CELL_KEY, removeIfEmpty } from '../notebook/newcell';
import type { ISparkEdits } from '../tokens';
import type { IQuickInstruction } from './instructions';

/** Ask for a change of a cell, or for a new cell below it; both are shown in the notebook, to be taken or left. */
export function askQuick(edits: ISparkEdits, panel: NotebookPanel, cell: Cell, quick: IQuickInstruction): void {
  const { instruction, kind } = quick;
  if (kind === 'rewrite') {
    goTo(panel, cell);
    edits.ask(panel, cell.model.id, { kind, instruction });
    return;
  }
  const below = insertBelow(panel, cell);
  if (below) {
    edits.ask(panel, below, {
      kind,
      instruction,
      extras: { cells: [cell.model.id], selection: '' },
      onRefused: () => removeIfEmpty(panel, below)
    });
  }
}

/** Insert an empty cell below another one and go there; returns its id. */
function insertBelow(panel: NotebookPanel, cell: Cell): string | null {
  const { content } = panel;
  const index = content.widgets.indexOf(cell) + 1;
  const made = content.model?.sharedModel.insertCell(index, {
    cell_type: 'code',
    source: '',
    metadata: { trusted: true, [NEW_CELL_KEY]: true }
  });
  if (!made) {
    return null;
  }
  const widget = content.widgets[index];
  void content.scrollToItem(index, 'smart').then(() => widget && !widget.isDisposed && goTo(panel, widget));
  return made.id;
}
