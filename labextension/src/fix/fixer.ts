/** What the Fix button does: shows the fix that is there, or asks for one. */

import type { Cell } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TurnRequested } from '../_wire';
import type { Turn } from '../chat/turn';
import type { Suggestion } from '../edit/suggestion';
import { goTo } from '../notebook/goto';
import type { IEditAsking, ISpark, ISparkEdits } from '../tokens';
import { type IFailure, isSame } from './failure';
import type { Prefetch } from './prefetch';
import { notebookName } from '../notebook/name';

export class Fixer {
  constructor(
    private readonly _spark: ISpark,
    private readonly _edits: ISparkEdits,
    private readonly _prefetch: Prefetch
  ) {}

  /** Fix a cell, in the cell; an edit that is shown there for the same failure stays. */
  fix(panel: NotebookPanel, cell: Cell, failure: IFailure | null): void {
    goTo(panel, cell);
    const cellId = cell.model.id;
    const shown = this._edits.shown(panel, cellId);
    if (shown?.isRunning || (shown?.state === 'ready' && isSameFix(this._fixes.get(shown), failure))) {
      return;
    }
    const asking = this.asking(panel, cellId, failure);
    const turn = failure && this._prefetch.take(placeOf(panel, cellId), failure);
    const isShown = turn ? this._adopt(panel, cellId, turn, asking) : this._edits.ask(panel, cellId, asking);
    const next = isShown ? this._edits.shown(panel, cellId) : null;
    if (next) {
      this._fixes.set(next, failure);
    }
  }

  /** What is asked: the cell, its own error, and no selection, as that may be another cell's. */
  asking(
    panel: NotebookPanel,
    cellId: string,
    failure: IFailure | null
  ): IEditAsking & Required<Pick<IEditAsking, 'extras'>> {
    // Of another notebook than the one in front nothing but the cells is known.
    const known = this._spark.context.panel === panel ? this._spark.context.request('') : {};
    const extras: Partial<TurnRequested> = {
      ...known,
      cell_id: cellId,
      selection: '',
      error: failure?.report ?? null,
      error_cell_id: failure ? cellId : null
    };
    return { kind: 'fix', instruction: '', extras };
  }

  private _adopt(panel: NotebookPanel, cellId: string, turn: Turn, asking: IEditAsking): boolean {
    const isShown = this._edits.adopt(panel, cellId, turn, asking);
    this._spark.store.adopt(turn, notebookName(panel.context.path));
    return isShown;
  }

  private readonly _fixes = new WeakMap<Suggestion, IFailure | null>();
}

/** What a cell is called among the places of all notebooks. */
export function placeOf(panel: NotebookPanel, cellId: string): string {
  return `${panel.id} ${cellId}`;
}

function isSameFix(one: IFailure | null | undefined, other: IFailure | null): boolean {
  return one ? isSame(one, other) : one === other;
}
