/** Opening prompts and proposals in the notebooks that are open. */

import type { Cell } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Turn } from '../chat/turn';
import { goTo } from '../notebook/goto';
import { notebookName } from '../notebook/name';
import type { IEditAsking, IEditMaker, IReviewOfAll, ISpark, ISparkEdits } from '../tokens';
import type { Asking } from './asking';
import { Merging } from './merging';
import { Reopening } from './reopening';
import type { ISpotNotebook, Spot, Spots } from './spot';
import type { IScope } from './scope';
import { Suggestion } from './suggestion';
import { isAsked } from './together';

const KEPT_WORDS = 50;

export class CellEdits implements ISparkEdits {
  constructor(
    private readonly _spark: ISpark,
    private readonly _tracker: INotebookTracker,
    private readonly _spots: Spots,
    private readonly _asking: Asking
  ) {
    this._merging = new Merging(_spots, _asking);
    this._reopening = new Reopening(_spots, _asking);
    _tracker.widgetAdded.connect((_, panel) => this._follow(panel));
    _tracker.forEach(panel => this._follow(panel));
  }

  /** Reviews of whole notebooks. */
  readonly reviews: IReviewOfAll[] = [];

  addReview(review: IReviewOfAll): void {
    this.reviews.push(review);
  }

  /** What was asked for before, the newest last. */
  readonly said: string[] = [];

  prompt(words?: string): void {
    const panel = this._tracker.currentWidget;
    const cell = panel && this._anchor(panel);
    const spot = panel && cell ? this._spot(panel, cell.model.id) : null;
    if (!panel || !cell || !spot) {
      return;
    }
    const why = this._whyNot(panel, spot);
    if (why) {
      void this._bringIn(panel, cell, spot).then(() => spot.tell(why));
      return;
    }
    this._spark.context.read();
    spot.others = this._selected(panel, cell);
    panel.content.activeCellIndex = panel.content.widgets.indexOf(cell); // the keys of the change are this cell's
    spot.wantsKeyboard = true;
    spot.isAsking = true;
    spot.word = '';
    if (words !== undefined) {
      spot.draft = words;
    }
    void this._bringIn(panel, cell, spot);
    this._spots.onAsked(spot);
  }

  ask(panel: NotebookPanel, cellId: string, asking: IEditAsking): boolean {
    const spot = this._spot(panel, cellId);
    if (!spot?.cell) {
      return false;
    }
    const why = this._whyNot(panel, spot);
    if (why) {
      spot.tell(why);
      return false;
    }
    const { instruction, scope, onRefused } = asking;
    const isNew = spot.cell.cell_type === 'code' && !spot.cell.getSource().trim();
    const kind = asking.kind ?? (isNew ? 'generate' : 'rewrite');
    const extras = { ...this._spark.context.request(instruction), ...asking.extras };
    const notebook = (): string => notebookName(panel.context.path);
    return this._asking.ask(spot, { kind, instruction, extras, scope, onRefused, notebook });
  }

  adopt(panel: NotebookPanel, cellId: string, turn: Turn, asking: IEditAsking): boolean {
    const spot = this._spot(panel, cellId);
    if (!spot?.cell || spot.isLocked) {
      return false;
    }
    const { kind = 'rewrite', instruction, extras = {} } = asking;
    this._asking.adopt(spot, { kind, instruction, extras, notebook: () => notebookName(panel.context.path) }, turn);
    return true;
  }

  shown(panel: NotebookPanel, cellId: string): Suggestion | null {
    const suggestion = this._spot(panel, cellId)?.suggestion;
    return suggestion?.isOpen ? suggestion : null;
  }

  open(panel: NotebookPanel, cellId: string, base?: string, maker?: IEditMaker): Suggestion | null {
    const spot = this._placeOf(panel, cellId);
    const source = base ?? spot?.cell?.getSource();
    const kind = spot?.cell?.cell_type;
    if (!spot || kind === undefined || source === undefined) {
      return null;
    }
    this._orphaned(spot);
    const suggestion = new Suggestion(source);
    suggestion.cellKind = kind;
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
    // In the notebook's order, whichever cell the prompt stands above: each is told what became of those before it.
    const all = this._spots.of(spot.notebook).filter(one => one === spot || spot.others.includes(one));
    const isAlone = all.length === 1;
    all.forEach(one => (one.together = isAlone ? [] : all));
    for (const one of all.filter(one => !isAsked(one, words))) {
      // What is selected in one cell is not meant when several cells are.
      const asking = isAlone ? { scope: scopeOf(one) } : { extras: { selection: '' } };
      if (this.ask(panel, one.cellId, { instruction: words, ...asking })) {
        one.sent = words;
      }
    }
  }

  /** Bring the next cell that is to be judged to the front: the keys are about that now. */
  goOn(spot: Spot): void {
    const panel = this._tracker.find(panel => sharedOf(panel) === spot.notebook);
    const cell = panel?.content.widgets.find(cell => cell.model.id === spot.cellId);
    if (panel && cell) {
      goTo(panel, cell);
      void this._bringIn(panel, cell, spot);
    }
  }

  /** Why a cell cannot be edited; empty if it can. */
  private _whyNot(panel: NotebookPanel, spot: Spot): string {
    const { trans } = this._spark;
    if (panel.context.contentsModel?.writable === false) {
      return trans.__('This notebook is read-only: nothing can be changed in it.');
    }
    return spot.isLocked ? trans.__('This cell is locked: its metadata says that it is not editable.') : '';
  }

  private _spot(panel: NotebookPanel, cellId: string): Spot | null {
    const notebook = sharedOf(panel);
    return notebook && this._spots.at(notebook, cellId);
  }

  /** The place of a cell that is there, or that was there: its deletion may be undone. */
  private _placeOf(panel: NotebookPanel, cellId: string): Spot | null {
    const notebook = sharedOf(panel);
    const isThere = notebook?.cells.some(cell => cell.id === cellId) === true;
    return isThere ? this._spot(panel, cellId) : notebook && this._spots.find(notebook, cellId);
  }

  /** The cell that the prompt stands above: the first of those that are selected and not locked. */
  private _anchor(panel: NotebookPanel): Cell | null {
    const { activeCell, selectedCells } = panel.content;
    return selectedCells.find(cell => this._spot(panel, cell.model.id)?.isLocked === false) ?? activeCell;
  }

  /** The other cells that are selected; those that are locked say so when they are asked. */
  private _selected(panel: NotebookPanel, cell: Cell): Spot[] {
    return panel.content.selectedCells
      .filter(one => one !== cell)
      .flatMap(one => this._spot(panel, one.model.id) ?? []);
  }

  /** A cell far away has no editor yet. */
  private async _bringIn(panel: NotebookPanel, cell: Cell, spot: Spot): Promise<void> {
    if (!cell.inViewport) {
      // Lab gives up when it is told to scroll elsewhere; the prompt comes into view as soon as it is drawn.
      await panel.content.scrollToItem(panel.content.activeCellIndex).catch(() => undefined);
      await cell.ready;
    }
    if (cell.inputHidden) {
      cell.inputHidden = false;
    }
    if (isRendered(cell)) {
      cell.rendered = false; // the change of a Markdown cell is one of its source
      spot.restore = () => {
        cell.rendered = true;
      };
    }
    spot.changed();
  }

  /** The proposals of cells that are deleted stand in the chat until the cell is back. */
  private _follow(panel: NotebookPanel): void {
    const name = (): string => notebookName(panel.context.path);
    const follow = (): void => {
      const notebook = sharedOf(panel);
      if (!notebook) {
        return;
      }
      this._reopening.opened(notebook, name);
      panel.context.disposed.connect(() => this._reopening.closed(name(), notebook));
      const added = new Set<string>();
      panel.content.model?.cells.changed.connect((_, change) => {
        change.newValues.forEach(cell => added.add(cell.id));
        // A cell that is moved is gone for a moment.
        window.setTimeout(() => {
          const gone = this._spots.orphans(notebook).filter(spot => !this._merging.follow(spot, added));
          gone.forEach(spot => this._orphaned(spot));
          this._spots.of(notebook).forEach(spot => this._isBack(spot));
          added.clear();
        });
      });
    };
    void panel.context.ready.then(follow);
  }

  private _orphaned(spot: Spot): void {
    const turn = this._asking.turnOf(spot.suggestion);
    if (spot.suggestion?.isOpen && turn?.isInCell) {
      turn.leaveCell();
      this._left.add(turn);
    }
  }

  /** The deletion of a cell was undone: its proposal stands there again, unless it was judged in the chat meanwhile. */
  private _isBack(spot: Spot): void {
    const turn = this._asking.turnOf(spot.suggestion);
    if (turn && this._left.delete(turn)) {
      const { standing } = this._spark.store.verdicts.of(turn.proposal?.proposal_id ?? '');
      if (standing === 'open' || standing === 'held') {
        turn.enterCell();
      } else {
        spot.propose(null);
      }
    }
  }

  private readonly _merging: Merging;
  private readonly _reopening: Reopening;
  /** The turns whose cells were deleted. */
  private readonly _left = new WeakSet<Turn>();
}

/** The lines that are selected in a cell; null if that is nothing, or everything. */
function scopeOf(spot: Spot): IScope | null {
  const [view] = spot.views;
  const { main } = view?.state.selection ?? {};
  if (!view || !main || main.empty) {
    return null;
  }
  const { doc } = view.state;
  const [first, last] = [doc.lineAt(main.from), doc.lineAt(main.to)];
  // A selection that ends where a line begins does not hold that line.
  const to = last.from === main.to && last.number > first.number ? last.number - 1 : last.number;
  return first.number === 1 && to >= doc.lines ? null : { from: first.number - 1, to };
}

function isRendered(cell: Cell): cell is Cell & { rendered: boolean } {
  return 'rendered' in cell && cell.rendered === true;
}

function sharedOf(panel: NotebookPanel): ISpotNotebook | null {
  return (panel.content.model?.sharedModel as unknown as ISpotNotebook | undefined) ?? null;
}
