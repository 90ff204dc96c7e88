/** Lab's editors as the provider sees them. */

import { Text } from '@jupyterlab/coreutils';
import type { IInlineCompletionContext } from '@jupyterlab/completer';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { tagsOf } from '../context/keptout';
import { notebookName } from '../notebook/name';
import type { IPlace } from './provider';

const POPUP = '.jp-Completer:not(.lm-mod-hidden)';

/** Finds the caret in the notebook that Lab asks about; null in consoles and files, which have no notebook. */
export function labPlaces(tracker: INotebookTracker): (context: IInlineCompletionContext) => IPlace | null {
  return context => {
    const panel = tracker.find(panel => panel === context.widget);
    return panel ? placeIn(panel) : null;
  };
}

function placeIn(panel: NotebookPanel): IPlace | null {
  const cell = panel.content.activeCell;
  const editor = cell?.editor;
  if (!cell || !editor) {
    return null;
  }
  const { model } = cell;
  const source = (): string => model.sharedModel.getSource();
  const offset = (): number => editor.getOffsetAt(editor.getCursorPosition());
  return {
    caret: () => {
      if (cell.isDisposed || editor.isDisposed || panel.content.activeCell !== cell) {
        return null;
      }
      const [text, at] = [source(), offset()];
      return {
        notebook: notebookName(panel.context.path),
        cellId: model.id,
        before: text.slice(0, at),
        after: text.slice(at)
      };
    },
    surroundings: () => {
      const { start, end } = editor.getSelection();
      return {
        isCode: model.type === 'code',
        isReadOnly: model.getMetadata('editable') === false || cell.readOnly || editor.getOption('readOnly') === true,
        hasSelection: start.line !== end.line || start.column !== end.column,
        hasPopup: document.querySelector(POPUP) !== null,
        tags: tagsOf(model),
        hasOtherCells: panel.content.widgets.some(other => other !== cell && other.model.sharedModel.getSource().trim())
      };
    },
    isAt: request => request.text === source() && Text.jsIndexToCharIndex(offset(), request.text) === request.offset,
    watch: moved => {
      const onMove = (): void => moved(true);
      // When the focus goes to Lab's own bar beside the ghost text, it comes back at once.
      const onBlur = (): void => void window.setTimeout(() => moved(editor.isDisposed || hasFocus()), 0);
      const hasFocus = (): boolean =>
        editor.hasFocus() || document.activeElement?.closest('.jp-InlineCompleter') !== null;
      model.sharedModel.changed.connect(onMove);
      editor.model.selections.changed.connect(onMove);
      editor.host.addEventListener('focusout', onBlur);
      return () => {
        model.sharedModel.changed.disconnect(onMove);
        editor.model.selections.changed.disconnect(onMove);
        editor.host.removeEventListener('focusout', onBlur);
      };
    }
  };
}
