/** The review tabs that are open, one for each notebook; adapts them to JupyterLab. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification, WidgetTracker } from '@jupyterlab/apputils';
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { RefactorList, ReviewAsked } from '../_wire';
import { Announcer } from '../chat/announcer';
import { labColours } from '../edit/labparts';
import { notebookName } from '../notebook/name';
import type { IReviewAnswer, ISpark } from '../tokens';
import { answered } from './asked';
import type { IReviewedNotebook } from './notebook';
import type { IRefactorTools } from './parts';
import { NotebookRefactors } from './refactors';
import { RefactorTab } from './tab';

interface IOpened {
  readonly tab: RefactorTab;
  readonly refactors: NotebookRefactors;
  /** What the server and the journal know of them is here. */
  readonly loaded: Promise<void>;
}

export class Tabs {
  constructor(
    private readonly _app: JupyterFrontEnd,
    private readonly _spark: ISpark,
    private readonly _notebooks: INotebookTracker,
    private readonly _languages: IEditorLanguageRegistry,
    private readonly _isLab: boolean
  ) {
    _notebooks.widgetAdded.connect((_, panel) => void this._follow(panel));
    _notebooks.forEach(panel => void this._follow(panel));
  }

  readonly tracker = new WidgetTracker<RefactorTab>({ namespace: 'jupyter-spark-refactor' });

  /** The tab in front, else that of the notebook in front. */
  get current(): IOpened | null {
    const front = this._app.shell.currentWidget;
    const path = front instanceof RefactorTab ? front.path : this._currentName;
    return this._opened.get(path ?? '') ?? null;
  }

  /** Show a notebook's tab; with words the plan is made at once. */
  async open({ instruction, path }: ReadonlyPartialJSONObject): Promise<void> {
    const name = typeof path === 'string' ? notebookName(path) : this._currentName;
    if (name === undefined) {
      return;
    }
    const { refactors } = await this._show(name);
    const words = typeof instruction === 'string' ? instruction.trim() : '';
    const panel = this._panel(name);
    if (words && !panel) {
      this._opened.get(name)?.tab.write(words);
    } else if (words && panel) {
      await panel.context.ready;
      if (refactors.review?.isRunning) {
        Notification.info(this._spark.trans.__('A refactor of this notebook is under way: stop it first.'));
      } else {
        refactors.start(words);
      }
    }
  }

  /** Do what a cell of a notebook asks for. */
  async answer(panel: NotebookPanel, asked: ReviewAsked): Promise<IReviewAnswer> {
    await panel.context.ready;
    const name = notebookName(panel.context.path);
    const opened = this._opened.get(name) ?? this._make(name);
    const { refactors } = opened;
    await opened.loaded;
    const title = opened.tab.title.label;
    const { trans } = this._spark;
    const place = this._isLab ? trans.__('the tab “%1”', title) : trans.__('the panel “%1” at the right', title);
    const answer = answered(refactors, asked, place, trans);
    if (asked.action !== 'undo' || answer.isPartial) {
      await this._show(name, false); // the user is in the notebook, and goes on there
    }
    return answer;
  }

  /** Bring a notebook's tab to the front; with the keyboard, or, where it can be seen without that, not. */
  private async _show(name: string, withKeyboard = true): Promise<IOpened> {
    const opened = this._opened.get(name) ?? this._make(name);
    if (!opened.tab.isAttached) {
      await this._add(opened.tab, name, withKeyboard);
    }
    await opened.loaded;
    if (withKeyboard || !opened.tab.isVisible) {
      this._app.shell.activateById(opened.tab.id);
    }
    return opened;
  }

  private _make(path: string): IOpened {
    const { channel, store, pushNotebook, rest } = this._spark;
    const refactors = new NotebookRefactors(path, {
      channel: channel.refactors,
      load: notebook => rest.get<RefactorList>('refactors', { notebook }),
      push: pushNotebook,
      tier: () => store.tier,
      words: { notHeld: this._spark.trans.__('Not everything holds: nothing was accepted unasked.') }
    });
    const tab = new RefactorTab({ refactors, tools: this._tools(refactors) });
    tab.id = `jupyter-spark-refactor-${path}`;
    tab.disposed.connect(() => {
      this._opened.delete(refactors.path);
      refactors.notebook = null;
    });
    refactors.watch(() => this._app.commands.notifyCommandChanged());
    const loaded = refactors.load().catch(() => undefined); // the channel tells that the server is away
    const opened = { tab, refactors, loaded };
    this._opened.set(path, opened);
    const panel = this._panel(path);
    if (panel) {
      this._join(panel, refactors);
    }
    return opened;
  }

  private async _add(tab: RefactorTab, path: string, activate: boolean): Promise<void> {
    // Notebook 7 has room for one document.
    const panel = this._panel(path);
    this._app.shell.add(
      tab,
      this._isLab ? 'main' : 'right',
      panel ? { ref: panel.id, mode: 'split-right', activate } : {}
    );
    await this.tracker.add(tab);
  }

  private _tools(refactors: NotebookRefactors): IRefactorTools {
    const { commands, shell } = this._app;
    return {
      trans: this._spark.trans,
      announcer: new Announcer(),
      colours: labColours(this._languages),
      mimeType: () => this._panel(refactors.path)?.content.codeMimetype ?? 'text/x-python',
      show: cellId => {
        const panel = this._panel(refactors.path);
        const index = panel?.content.widgets.findIndex(cell => cell.model.id === cellId) ?? -1;
        if (panel && index >= 0) {
          shell.activateById(panel.id);
          panel.content.activeCellIndex = index;
          void panel.content.scrollToItem(index, 'smart');
        }
      },
      isOpen: () => this._panel(refactors.path) !== null,
      open: () => {
        const panel = this._panel(refactors.path);
        void commands.execute('docmanager:open', { path: panel?.context.path ?? refactors.path });
      }
    };
  }

  private async _follow(panel: NotebookPanel): Promise<void> {
    await panel.context.ready;
    if (panel.isDisposed) {
      return;
    }
    let path = notebookName(panel.context.path);
    panel.context.pathChanged.connect(() => {
      const opened = this._opened.get(path);
      this._opened.delete(path);
      path = notebookName(panel.context.path);
      if (opened) {
        this._opened.set(path, opened);
        opened.refactors.rename(path);
        opened.tab.retitle();
      }
    });
    const opened = this._opened.get(path);
    if (opened) {
      this._join(panel, opened.refactors);
    }
  }

  /** The notebook is open: it is watched, and can be changed. */
  private _join(panel: NotebookPanel, refactors: NotebookRefactors): void {
    void panel.context.ready.then(() => {
      const model = panel.content.model;
      if (!model || panel.isDisposed) {
        return;
      }
      const follow = (): void => refactors.follow();
      refactors.attach(model.sharedModel as unknown as IReviewedNotebook, () => kernelOf(panel));
      model.contentChanged.connect(follow);
      // By then the tracker knows that it is gone.
      panel.disposed.connect(() => window.setTimeout(() => refactors.attach(null)));
    });
  }

  private get _currentName(): string | undefined {
    const panel = this._notebooks.currentWidget;
    return panel ? notebookName(panel.context.path) : undefined;
  }

  private _panel(path: string): NotebookPanel | null {
    return this._notebooks.find(panel => notebookName(panel.context.path) === path) ?? null;
  }

  private readonly _opened = new Map<string, IOpened>();
}

/** The kernel that the notebook names; the one that it runs in, if it names none. */
function kernelOf(panel: NotebookPanel): string {
  const kept = panel.content.model?.sharedModel.getMetadata('kernelspec') as { name?: string } | undefined;
  return kept?.name ?? panel.sessionContext.session?.kernel?.name ?? '';
}
