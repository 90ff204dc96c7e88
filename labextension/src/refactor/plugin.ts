/** The review tab of notebook-wide refactors: adapts it to JupyterLab, and nothing more. */

import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker } from '@jupyterlab/notebook';
import { sparkIcon } from '../chat/icon';
import { ISpark, ISparkEdits, ISparkRefactors } from '../tokens';
import { Tabs } from './tabs';

export const REFACTOR = 'jupyter-spark:refactor-notebook';

export const refactorPlugin: JupyterFrontEndPlugin<ISparkRefactors> = {
  id: 'jupyter-spark-ai:refactor',
  description: 'The review tab of notebook-wide refactors.',
  autoStart: true,
  provides: ISparkRefactors,
  requires: [ISpark, ISparkEdits, INotebookTracker, IEditorLanguageRegistry],
  optional: [ICommandPalette, ILabShell, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    spark: ISpark,
    edits: ISparkEdits,
    tracker: INotebookTracker,
    languages: IEditorLanguageRegistry,
    palette: ICommandPalette | null,
    shell: ILabShell | null,
    restorer: ILayoutRestorer | null
  ) => {
    const tabs = new Tabs(app, spark, tracker, languages, shell !== null);
    app.commands.addCommand(REFACTOR, {
      label: spark.trans.__('Refactor the Whole Notebook…'),
      caption: spark.trans.__('Plan a change of the whole notebook, review it, take it or leave it'),
      icon: sparkIcon,
      describedBy: { args: ARGUMENTS },
      isEnabled: args => typeof args.path === 'string' || tracker.currentWidget !== null,
      execute: args => tabs.open(args)
    });
    palette?.addItem({ command: REFACTOR, category: 'Spark' });
    edits.addReview({
      isInFront: () => tabs.current !== null && tabs.current.tab === app.shell.currentWidget,
      canAccept: () => !!tabs.current?.refactors.review?.ticked.length,
      canReject: () => !!tabs.current?.refactors.review?.open.length,
      acceptAll: () => void tabs.current?.refactors.acceptAll(),
      rejectAll: () => tabs.current?.refactors.refuseAll()
    });
    if (restorer) {
      void restorer.restore(tabs.tracker, {
        command: REFACTOR,
        args: tab => ({ path: tab.path }),
        name: tab => tab.path
      });
    }
    return tabs;
  }
};

const ARGUMENTS = {
  type: 'object',
  properties: {
    instruction: { type: 'string', description: 'What should change; the plan is made at once.' },
    path: { type: 'string', description: 'The notebook; the one in front if it is not given.' }
  }
};
