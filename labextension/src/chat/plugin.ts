/** The sidebar chat: adapts the panel to JupyterLab, and nothing more. */

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { URLExt } from '@jupyterlab/coreutils';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { ServerConnection } from '@jupyterlab/services';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { TurnChannel } from '../channel/turns';
import { type NotebookSync, watchPanel } from '../notebook/sync';
import { ChatPanel } from './panel';
import { ChatStore } from './store';
import { labTurnTools } from './tools';

export const chatPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-spark-ai:chat',
  description: 'The sidebar chat.',
  autoStart: true,
  requires: [INotebookTracker, IRenderMimeRegistry, IEditorLanguageRegistry],
  optional: [ITranslator, ILayoutRestorer, ICommandPalette],
  activate
};

function activate(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  rendermime: IRenderMimeRegistry,
  languages: IEditorLanguageRegistry,
  translator: ITranslator | null,
  restorer: ILayoutRestorer | null,
  palette: ICommandPalette | null
): void {
  const trans = (translator ?? nullTranslator).load('jupyter_spark');
  const channel = new TurnChannel(openSocket(app.serviceManager.serverSettings));
  const syncs = new Map<string, NotebookSync>();
  const store = new ChatStore(channel, {
    push: notebook => syncs.get(notebook)?.push(),
    storage: window.sessionStorage
  });
  channel.onStateChanged = state => {
    if (state === 'open') {
      syncs.forEach(sync => sync.list());
    }
    store.setConnection(state);
  };
  channel.onOther = frame => {
    if (frame.type === 'cells_wanted') {
      syncs.get(frame.notebook)?.answer(frame.cell_ids);
    }
  };
  followNotebooks(tracker, channel, syncs, store);

  const panel = new ChatPanel(store, labTurnTools(rendermime, languages, tracker, trans), trans);
  app.shell.add(panel, 'right', { rank: 500 });
  restorer?.add(panel, panel.id);
  const toggle = 'jupyter-spark:toggle-chat';
  app.commands.addCommand(toggle, {
    label: trans.__('Show or hide the Spark chat'),
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => (panel.isVisible ? panel.hide() : app.shell.activateById(panel.id))
  });
  palette?.addItem({ command: toggle, category: 'Spark' });
  channel.open();
}

/** Tell the server of every open notebook, and talk about the one in front. */
function followNotebooks(
  tracker: INotebookTracker,
  channel: TurnChannel,
  syncs: Map<string, NotebookSync>,
  store: ChatStore
): void {
  const add = async (panel: NotebookPanel): Promise<void> => {
    await panel.context.ready;
    const sync = watchPanel(panel, frame => channel.send(frame));
    if (!sync || panel.isDisposed) {
      return;
    }
    let path = panel.context.path;
    syncs.set(path, sync);
    sync.list();
    panel.context.pathChanged.connect(() => {
      syncs.delete(path);
      path = panel.context.path;
      syncs.set(path, sync);
      sync.list();
    });
    panel.disposed.connect(() => {
      syncs.delete(path);
      sync.dispose();
    });
  };
  tracker.widgetAdded.connect((_, panel) => void add(panel));
  tracker.forEach(panel => void add(panel));
  const showCurrent = (): void => store.show(tracker.currentWidget?.context.path ?? null);
  tracker.currentChanged.connect(showCurrent);
  showCurrent();
}

function openSocket(settings: ServerConnection.ISettings): () => WebSocket {
  return () => {
    const url = URLExt.join(settings.wsUrl, 'jupyter-spark', 'turns');
    const token = settings.appendToken && settings.token ? `?token=${encodeURIComponent(settings.token)}` : '';
    return new settings.WebSocket(url + token);
  };
}
