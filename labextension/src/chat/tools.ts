/** What turns are drawn with in JupyterLab. */

import { Clipboard } from '@jupyterlab/apputils';
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { notebookName } from '../notebook/name';
import { codeActions } from './codeactions';
import { labHighlighters } from './highlight';
import { labNotebooks } from './labcells';
import { labMarkdown } from './markdown';
import { RenderQueue } from './queue';
import type { ITurnTools } from './turnview';
import type { Verdicts } from './verdicts';

export function labTurnTools(
  rendermime: IRenderMimeRegistry,
  languages: IEditorLanguageRegistry,
  tracker: INotebookTracker,
  verdicts: Verdicts,
  trans: TranslationBundle,
  notesWriters: () => boolean
): ITurnTools {
  const find = labNotebooks(tracker, notesWriters);
  const current = (): ReturnType<typeof find> => {
    const panel = tracker.currentWidget;
    return panel ? find(notebookName(panel.context.path)) : null;
  };
  const named = (name: string): string =>
    (languages.findBest(name, false) ?? languages.findByExtension(name))?.name ?? name;
  const copy = (text: string): void => Clipboard.copyToSystem(text);
  return {
    markdown: labMarkdown(rendermime, trans),
    highlighters: labHighlighters(languages),
    queue: new RenderQueue(),
    codeActions: codeActions(current, (info, language) => !info || named(info) === named(language), copy, trans),
    find,
    copy,
    verdicts,
    trans
  };
}
