/** The sidebar chat: adapts the panel to JupyterLab, and nothing more. */

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { FileCandidates } from '../context/candidates';
import { ISpark, ISparkChat } from '../tokens';
import { ChatPanel } from './panel';
import { labTurnTools } from './tools';

export const chatPlugin: JupyterFrontEndPlugin<ISparkChat> = {
  id: 'jupyter-spark-ai:chat',
  description: 'The sidebar chat.',
  autoStart: true,
  provides: ISparkChat,
  requires: [ISpark, INotebookTracker, IRenderMimeRegistry, IEditorLanguageRegistry],
  optional: [ILayoutRestorer],
  activate
};

function activate(
  app: JupyterFrontEnd,
  spark: ISpark,
  tracker: INotebookTracker,
  rendermime: IRenderMimeRegistry,
  languages: IEditorLanguageRegistry,
  restorer: ILayoutRestorer | null
): ISparkChat {
  const files = new FileCandidates(app.serviceManager.contents);
  const notesWriters = (): boolean => spark.options.current.provenance;
  const tools = labTurnTools(rendermime, languages, tracker, spark.store.verdicts, spark.trans, notesWriters);
  const panel = new ChatPanel({ spark, files, commands: app.commands, tools });
  app.shell.add(panel, 'right', { rank: 500 });
  restorer?.add(panel, panel.id);
  return {
    get isShown() {
      return panel.isVisible;
    },
    ask: words => {
      app.shell.activateById(panel.id);
      panel.write(words);
    },
    toggle: () => {
      if (panel.isVisible) {
        // Lab's shell and Notebook's have it; it is in no common interface.
        (app.shell as { collapseRight?: () => void }).collapseRight?.();
      } else {
        app.shell.activateById(panel.id);
      }
    }
  };
}
