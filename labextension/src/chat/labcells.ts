/** Lab's notebooks as the chat edits them. */

import { type INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { notebookName } from '../notebook/name';
import type { FindNotebook, IEditableCell, IEditableNotebook } from './cells';

export function labNotebooks(tracker: INotebookTracker, notesWriters: () => boolean): FindNotebook {
  return name => {
    const panel = tracker.find(panel => notebookName(panel.context.path) === name);
    return panel?.content.model ? asEditable(panel, notesWriters()) : null;
  };
}

function asEditable(panel: NotebookPanel, notesWriters: boolean): IEditableNotebook {
  const { content, sessionContext } = panel;
  const shared = content.model?.sharedModel;
  const cells = (shared?.cells ?? []) as readonly unknown[] as readonly IEditableCell[];
  return {
    cells,
    notesWriters,
    active: content.activeCellIndex,
    language: content.model?.defaultKernelLanguage || sessionContext.kernelPreference.language || 'python',
    insert: (index, source) => {
      const cell = shared?.insertCell(index, { cell_type: 'code', source, metadata: { trusted: true } });
      content.activeCellIndex = index;
      void content.scrollToItem(index);
      return cell?.id ?? '';
    },
    activate: index => {
      content.activeCellIndex = index;
      content.deselectAll();
      void content.scrollToItem(index, 'smart');
    },
    remove: cellId => {
      const index = cells.findIndex(cell => cell.id === cellId);
      if (index >= 0) {
        content.activeCellIndex = index;
        content.deselectAll();
        NotebookActions.deleteCells(content);
      }
    }
  };
}
