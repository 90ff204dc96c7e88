/** Opening prompts and proposals in the notebooks that are open. */

import type { Cell } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Turn } from '../chat/turn';
import { notebookName } from '../notebook/name';
import type { IEditAsking, IEditMaker, ISpark, ISparkEdits } from '../tokens';
import type { Asking } from './asking';
import type { ISpotNotebook, Spot, Spots } from './spot';
import { Suggestion } from './suggestion';

const KEPT_WORDS = 50;

export class CellEdits implements ISparkEdits {
  constructor(
    private readonly _spark: ISpark,
    private readonly _tracker: INotebookTracker,
    private readonly _spots: Spots,
    private readonly _asking: Asking
  ) {
    _tracker.widgetAdded.connect((_, panel) => this._follow(panel));
    _tracker.forEach(panel => this._follow(panel));
  }

  /** What was asked for before, the newest last. */
  readonly said: string[] = [];

  prompt(words?: string): void {
    const panel = this._tracker.currentWidget;
    const cell = panel?.content.activeCell;
    const spot = panel && cell ? this._spot(panel, cell.model.id) : null;
    if (!panel || !cell || !spot || cell.model.type !== 'code') {
      return;
    }
    const { trans } = this._spark;
    if (spot.isLocked) {
      spot.tell(trans.__('This cell is locked: its metadata says that it is not editable.'));
      return;
    }
    this._spark.context.read();
    spot.others = this._selected(panel, cell);
    spot.isAsking = true;
    spot.word = '';
    if (words !== undefined) {
      spot.draft = words;
    }
    void this._bringIn(panel, cell, spot);
  }

  ask(panel: NotebookPanel, cellId: string, asking: IEditAsking): boolean {
    const spot = this._spot(panel, cellId);
    if (!spot?.cell || spot.isLocked) {
      return false;
    }
    const { instruction, onRefused } = asking;
    const kind = asking.kind ?? (spot.cell.getSource().trim() ? 'rewrite' : 'generate');
    const extras = { ...this._spark.context.request(instruction), ...asking.extras };
    const notebook = (): string => notebookName(panel.context.path);
    this._asking.ask(spot, { kind, instruction, extras, onRefused, notebook });
    return true;
  }

  adopt(panel: NotebookPanel, cellId: string, turn: Turn, asking: IEditAsking): boolean {
    const spot = this._spot(panel, cellId);
    if (!spot?.cell || spot.isLocked) {
      return false;
    }
    const { kind = 'rewrite', instruction, extras = {} } = asking;
    this._asking.adopt(spot, { kind, instruction, extras, notebook: () => panel.context.path }, turn);
    return true;
  }

  shown(panel: NotebookPanel, cellId: string): Suggestion | null {
    const suggestion = this._spot(panel, cellId)?.suggestion;
    return suggestion?.isOpen ? suggestion : null;
  }

  open(panel: NotebookPanel, cellId: string, base?: string, maker?: IEditMaker): Suggestion | null {
    const spot = this._spot(panel, cellId);
    const source = base ?? spot?.cell?.getSource();
    if (!spot?.cell || source === undefined) {
      return null;
    }
    this._orphaned(spot);
    const suggestion = new Suggestion(source);
    spot.propose(suggestion);
    if (maker) {
      this._asking.follow(suggestion, maker);
    }
    return suggestion;
  }

  /** Ask what a prompt says, of its cell and of the others that were selected. */
  send(spot: Spot, words: string): void {
    const panel = this._tracker.find(panel => sharedOf(panel) === spot.notebook);
    if (!panel) {
      return;
    }
    this.said.splice(0, this.said.length, ...this.said.filter(one => one !== words).slice(1 - KEPT_WORDS), words);
    for (const one of [spot, ...spot.others]) {
      // The selection is this cell's.
      const extras = one === spot ? {} : { selection: '' };
      this.ask(panel, one.cellId, { instruction: words, extras });
    }
  }

  private _spot(panel: NotebookPanel, cellId: string): Spot | null {
    const notebook = sharedOf(panel);
    return notebook && this._spots.at(notebook, cellId);
  }

  /** The other code cells that are selected. */
  private _selected(panel: NotebookPanel, cell: Cell): Spot[] {
    return panel.content.selectedCells
      .filter(one => one !== cell && one.model.type === 'code')
      .flatMap(one => this._spot(panel, one.model.id) ?? [])
      .filter(spot => !spot.isLocked);
  }

  /** A cell far away has no editor yet. */
  private async _bringIn(panel: NotebookPanel, cell: Cell, spot: Spot): Promise<void> {
    if (!cell.inViewport) {
      await panel.content.scrollToItem(panel.content.activeCellIndex);
      await cell.ready;
    }
    if (cell.inputHidden) {
      cell.inputHidden = false;
    }
    spot.changed();
  }

  /** The proposals of cells that are deleted stand in the chat; those of a closed notebook go with it. */
  private _follow(panel: NotebookPanel): void {
    const follow = (): void => {
      const notebook = sharedOf(panel);
      if (!notebook) {
        return;
      }
      panel.content.model?.cells.changed.connect(() => {
        // A cell that is moved is gone for a moment.
        window.setTimeout(() => this._spots.orphans(notebook).forEach(spot => this._orphaned(spot)));
      });
    };
    void panel.context.ready.then(follow);
  }

  private _orphaned(spot: Spot): void {
    const turn = this._asking.turnOf(spot.suggestion);
    if (spot.suggestion?.isOpen && turn?.isInCell) {
      turn.leaveCell();
    }
  }
}

function sharedOf(panel: NotebookPanel): ISpotNotebook | null {
  return (panel.content.model?.sharedModel as unknown as ISpotNotebook | undefined) ?? null;
}
