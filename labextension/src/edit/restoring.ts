/** Puts edits back into their cells after the page was loaded again. */

import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { ChatStore } from '../chat/store';
import { notebookName } from '../notebook/name';
import { isNewCell, removeIfEmpty, tidyNewCells } from '../notebook/newcell';
import type { Asking } from './asking';
import type { ISpotNotebook, Spot, Spots } from './spot';
import { fateOf, type IUnderway, type Underway } from './underway';

export interface IRestoringWords {
  elsewhere: string;
  interrupted: string;
  show: string;
}

export class Restoring {
  /** @param _showChat - shows where an edit stands that cannot stand in its cell */
  constructor(
    private readonly _store: ChatStore,
    private readonly _tracker: INotebookTracker,
    private readonly _spots: Spots,
    private readonly _asking: Asking,
    private readonly _underway: Underway,
    private readonly _words: IRestoringWords,
    private readonly _showChat: () => void
  ) {
    _store.watch(() => this._look());
    const follow = (panel: NotebookPanel): void => void panel.context.ready.then(() => this._opened(panel));
    _tracker.widgetAdded.connect((_, panel) => follow(panel));
    _tracker.forEach(follow);
  }

  private _opened(panel: NotebookPanel): void {
    const notebook = sharedOf(panel);
    if (notebook) {
      this._look();
      const isAwaited = (id: string): boolean =>
        this._underway.before.some(one => one.cellId === id) ||
        this._spots.find(notebook, id)?.suggestion?.isOpen === true;
      tidyNewCells(panel, isAwaited);
    }
  }

  private _look(): void {
    for (const edit of this._underway.before) {
      const panel = this._tracker.find(panel => !!cellOf(panel, edit.cellId));
      const notebook = panel && sharedOf(panel);
      if (panel && notebook) {
        this._restore(edit, panel, this._spots.at(notebook, edit.cellId));
      }
    }
  }

  private _restore(edit: IUnderway, panel: NotebookPanel, spot: Spot): void {
    const { _store: store, _words: words } = this;
    const notebook = (): string => notebookName(panel.context.path);
    const turn = store.find(edit.turnId);
    const { standing } = store.verdicts.of(turn?.proposal?.proposal_id ?? '');
    const now = spot.cell?.getSource() ?? '';
    const fate = fateOf(edit, turn, standing, now, store.knows(notebook()));
    if (fate === 'wait') {
      return;
    }
    this._underway.drop(edit.turnId);
    const isNew = isNewCell(spot.cell);
    if (fate === 'show' && turn && !spot.suggestion?.isOpen) {
      turn.problem ||= turn.state === 'interrupted' ? words.interrupted : '';
      const onRefused = isNew ? () => removeIfEmpty(panel, edit.cellId) : undefined;
      this._asking.adopt(spot, { ...edit, notebook, onRefused }, turn, edit.base);
    } else if (fate === 'elsewhere') {
      spot.tell(words.elsewhere, { label: words.show, run: this._showChat });
    } else if (isNew && fate === 'drop') {
      removeIfEmpty(panel, edit.cellId);
    }
  }
}

function sharedOf(panel: NotebookPanel): ISpotNotebook | null {
  return (panel.content.model?.sharedModel as unknown as ISpotNotebook | undefined) ?? null;
}

function cellOf(panel: NotebookPanel, cellId: string): unknown {
  return sharedOf(panel)?.cells.find(cell => cell.id === cellId);
}
