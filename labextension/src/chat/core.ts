/** What stands behind the chat: the connection, the conversations, the open notebooks. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { URLExt } from '@jupyterlab/coreutils';
import { INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import type { ServerConnection } from '@jupyterlab/services';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ConversationList, PastConversation } from '../_wire';
import { TurnChannel } from '../channel/turns';
import { Completions } from '../complete/completions';
import { NotebookContext } from '../context/notebook';
import { Setup } from '../firstrun/setup';
import { notebookName } from '../notebook/name';
import { type NotebookSync, watchNotebook } from '../notebook/sync';
import { SparkRest } from '../rest';
import { SparkOptions } from '../settings/options';
import { Activity } from '../status/activity';
import { ISpark } from '../tokens';
import { ChatStore } from './store';

export const corePlugin: JupyterFrontEndPlugin<ISpark> = {
  id: 'jupyter-spark-ai:core',
  description: 'The connection and the conversations of Spark.',
  autoStart: true,
  provides: ISpark,
  requires: [INotebookTracker],
  optional: [ITranslator],
  activate
};

function activate(app: JupyterFrontEnd, tracker: INotebookTracker, translator: ITranslator | null): ISpark {
  const trans = (translator ?? nullTranslator).load('jupyter_spark');
  const rest = new SparkRest(app.serviceManager.serverSettings);
  const channel = new TurnChannel(openSocket(app.serviceManager.serverSettings));
  const syncs = new Map<string, NotebookSync>();
  const store = new ChatStore(channel, {
    push: notebook => syncs.get(notebook)?.push(),
    past: async notebook => conversationsOf(rest, notebook),
    storage: window.sessionStorage
  });
  const setup = new Setup(rest);
  const completions = new Completions({
    push: notebook => syncs.get(notebook)?.push(),
    send: frame => channel.send(frame)
  });
  const activity = new Activity(window.sessionStorage);
  channel.onActivity = (turnId, what) => activity.onTurn(turnId, what);
  completions.onEnded = frame => activity.onCompletion(frame);
  const options = new SparkOptions();
  const context = new NotebookContext(
    tracker,
    once(() => rest.text('variables-source')),
    () => options.current,
    trans
  );
  options.watch(() => context.readSoon());
  NotebookActions.executed.connect((_, { cell }) => {
    context.readSoon();
    // After a run another cell is the active one; what failed, or is asked about next, is the one that ran.
    context.refreshVariables(`${cell.model.sharedModel.getSource()}\n${context.facts.cell?.source ?? ''}`);
  });
  channel.onStateChanged = state => {
    if (state === 'open') {
      syncs.forEach(sync => sync.list());
      void setup.refresh(); // the server may have been restarted, with a key in its environment
    }
    if (state !== 'open') {
      completions.onLost();
    }
    activity.setConnection(state);
    store.setConnection(state);
  };
  channel.onOther = frame => {
    if (frame.type === 'cells_wanted') {
      syncs.get(frame.notebook)?.answer(frame.cell_ids);
    } else if (frame.type === 'model_progress') {
      setup.onProgress(frame);
    } else if (frame.type === 'completion_said' || frame.type === 'completion_ended') {
      completions.onFrame(frame);
    }
  };
  followNotebooks(tracker, channel, syncs, store);
  channel.open();
  return {
    ...{ channel, store, context, setup, options, completions, activity, rest, trans },
    pushNotebook: path => syncs.get(path)?.push(),
    emptyView: () => null
  };
}

/** Tell the server of every open notebook, and talk about the one in front. */
function followNotebooks(
  tracker: INotebookTracker,
  channel: TurnChannel,
  syncs: Map<string, NotebookSync>,
  store: ChatStore
): void {
  // Views of one notebook have one context: the notebook is told once, until the last of them is closed.
  const followed = new Set<NotebookPanel['context']>();
  const add = async ({ context }: NotebookPanel): Promise<void> => {
    await context.ready;
    if (context.isDisposed || followed.has(context)) {
      return;
    }
    followed.add(context);
    const sync = watchNotebook(context, frame => channel.send(frame));
    let name = notebookName(context.path);
    syncs.set(name, sync);
    sync.list();
    context.pathChanged.connect(() => {
      syncs.delete(name);
      const now = notebookName(context.path);
      store.rename(name, now);
      name = now;
      syncs.set(name, sync);
      sync.list();
    });
    context.disposed.connect(() => {
      followed.delete(context);
      syncs.delete(name);
      sync.dispose();
    });
  };
  tracker.widgetAdded.connect((_, panel) => void add(panel));
  tracker.forEach(panel => void add(panel));
  const showCurrent = (): void => {
    const panel = tracker.currentWidget;
    store.show(panel ? notebookName(panel.context.path) : null);
  };
  tracker.currentChanged.connect(showCurrent);
  showCurrent();
}

async function conversationsOf(rest: SparkRest, notebook: string): Promise<PastConversation[]> {
  return (await rest.get<ConversationList>('conversations', { notebook })).conversations;
}

/** Load something at its first use, and again only if that failed. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let kept: Promise<T> | null = null;
  return () => {
    kept ??= load().catch((error: unknown) => {
      kept = null;
      throw error;
    });
    return kept;
  };
}

function openSocket(settings: ServerConnection.ISettings): () => WebSocket {
  return () => {
    const url = URLExt.join(settings.wsUrl, 'jupyter-spark', 'turns');
    const token = settings.appendToken && settings.token ? `?token=${encodeURIComponent(settings.token)}` : '';
    return new settings.WebSocket(url + token);
  };
}
