/** Explains a cell, or what is selected in it: in the chat, and from there in a Markdown cell. */

import type { Cell } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Turn } from '../chat/turn';
import type { ISpark, ISparkChat } from '../tokens';
import { notebookName } from '../notebook/name';

/** Ask in the chat, and show it; null if an answer is on its way there. */
export function explainInChat(spark: ISpark, chat: ISparkChat, panel: NotebookPanel, cell: Cell): Turn | null {
  const { context, store, trans } = spark;
  const notebook = notebookName(panel.context.path);
  const known = context.panel === panel ? context.request('') : {};
  chat.ask();
  if (store.about(notebook).running) {
    store.tell(trans.__('An answer is on its way. Stop it first, or say more to redirect it.'));
    return null;
  }
  const selected = known.selection?.trim() ?? '';
  return store.send({
    kind: 'explain',
    instruction: selected ? `${trans.__('Explain this part of the cell:')}\n\n${fenced(selected)}` : '',
    cellId: cell.model.id,
    notebook,
    // The selection stands in the words.
    extras: { ...known, cell_id: cell.model.id, selection: '' }
  });
}

/** Explain in the chat; when the answer is whole it becomes a Markdown cell above the cell, in one step of undo. */
export function explainInNotebook(spark: ISpark, chat: ISparkChat, panel: NotebookPanel, cell: Cell): void {
  const turn = explainInChat(spark, chat, panel, cell);
  const cellId = cell.model.id;
  const leave = turn?.watch({
    onStream: () => undefined,
    onRestart: () => undefined,
    onChange: () => {
      if (turn.ended) {
        leave?.();
        if (turn.state === 'done' && turn.text.trim() && !insertAbove(panel, cellId, turn.text.trim())) {
          spark.store.tell(spark.trans.__('The cell is gone.'));
        }
      }
    }
  });
}

/** Insert a Markdown cell above another one; false if that is gone. */
function insertAbove(panel: NotebookPanel, cellId: string, source: string): boolean {
  const shared = panel.isDisposed ? undefined : panel.content.model?.sharedModel;
  const index = shared?.cells.findIndex(cell => cell.id === cellId) ?? -1;
  if (!shared || index < 0) {
    return false;
  }
  // The Y class has it, the interface of Lab's shared notebooks does not.
  const { undoManager } = shared as { undoManager?: { stopCapturing(): void } | null };
  undoManager?.stopCapturing();
  shared.insertCell(index, { cell_type: 'markdown', source });
  undoManager?.stopCapturing();
  return true;
}

/** A block of code, in a fence that the code does not hold. */
function fenced(code: string): string {
  const longest = Math.max(2, ...(code.match(/`{3,}/g) ?? []).map(run => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${code}\n${fence}`;
}
