/** Edits in cells: adapts them to JupyterLab, and nothing more. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { EditorExtensionRegistry, IEditorExtensionRegistry, IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISpark, ISparkChat, ISparkEdits } from '../tokens';
import { isKeyOf, KeyGuard } from './again';
import { Asking } from './asking';
import { editCommands } from './commands';
import { CellEdits } from './edits';
import { labKeys } from './island';
import { Judging } from './judging';
import { Presenter } from './presenter';
import { Telling } from './telling';
import { labColours, labPanels } from './labparts';
import { type ISpotNotebook, Spots } from './spot';

export const editPlugin: JupyterFrontEndPlugin<ISparkEdits> = {
  id: 'jupyter-spark-ai:edit',
  description: 'Edits that are asked for, shown and judged in cells.',
  autoStart: true,
  provides: ISparkEdits,
  requires: [ISpark, ISparkChat, INotebookTracker, IEditorExtensionRegistry, IEditorLanguageRegistry],
  optional: [ICommandPalette],
  activate
};

function activate(
  app: JupyterFrontEnd,
  spark: ISpark,
  chat: ISparkChat,
  tracker: INotebookTracker,
  extensions: IEditorExtensionRegistry,
  languages: IEditorLanguageRegistry,
  palette: ICommandPalette | null
): ISparkEdits {
  const { trans, store } = spark;
  const spots = new Spots();
  const asking = new Asking(store, {
    noCode: trans.__('The answer holds no code.'),
    readThere: trans.__('It stands in the chat.'),
    gone: trans.__('The cell is gone.'),
    isWaiting: trans.__('waits for the answer before it'),
    isBusy: trans.__('An answer is on its way in this notebook: ask again when it is there.'),
    noOther: trans.__('No other way came.')
  });
  const telling = new Telling(
    suggestion => asking.makerOf(suggestion)?.verdicts ?? store.verdicts,
    suggestion => asking.turnOf(suggestion),
    suggestion => asking.questionOf(suggestion)?.notebook() ?? '',
    () => spark.options.current.provenance
  );
  const judging = new Judging(asking, telling, trans);
  const edits = new CellEdits(spark, tracker, spots, asking);
  judging.onNext = spot => edits.goOn(spot);
  const panels = labPanels({ app, spark, chat, languages, asking, judging, edits });
  const presenter = new Presenter(spots, labColours(languages), judging, panels, labKeys(app.commands), trans);
  extensions.addExtension({
    name: 'jupyter-spark-ai:edit',
    factory: ({ model }) => {
      const shared = model.sharedModel as unknown as { id?: string; notebook?: ISpotNotebook | null };
      return shared.id && shared.notebook
        ? EditorExtensionRegistry.createImmutableExtension(
            presenter.extension(shared.notebook, shared.id, () => model.mimeType)
          )
        : null;
    }
  });
  const guard = new KeyGuard(isKeyOf(app.commands, 'jupyter-spark:accept'));
  const commands = editCommands({
    ...{ tracker, spots, judging, edits, trans },
    accepted: () => guard.arm()
  });
  for (const [name, options] of Object.entries(commands)) {
    const command = `jupyter-spark:${name}`;
    app.commands.addCommand(command, { describedBy: { args: { type: 'object', properties: {} } }, ...options });
    palette?.addItem({ command, category: 'Spark' });
  }
  spots.watch(() => app.commands.notifyCommandChanged());
  return edits;
}
