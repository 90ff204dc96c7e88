/** The refactors that stand in a notebook, the newest first. Free of JupyterLab. */

import type { AppliedCell, AppliedRefactor, RefactorList } from '../_wire';
import type { ILeft } from './undo';

/** A refactor that stands in the notebook, wholly or in part. */
export interface IStanding {
  readonly id: string;
  /** When it was begun to be taken, in ms since the epoch. */
  readonly at: number;
  readonly applied: AppliedRefactor;
  /** What could not be taken back. */
  readonly left: readonly ILeft[];
}

/** As the journal told it. */
export function standingOf(list: RefactorList): IStanding[] {
  return list.standing.map(one => ({
    id: one.refactor_id,
    at: 1000 * one.created_at_s,
    applied: one.applied,
    left: []
  }));
}

/** With this one as it is now; without it if nothing of it stands any more. */
export function withStanding(rows: readonly IStanding[], entry: IStanding): IStanding[] {
  const others = rows.filter(one => one.id !== entry.id);
  return entry.applied.cells.length ? [entry, ...others].sort((one, other) => other.at - one.at) : others;
}

/** A refactor of which these acts, too, stand now; `order` is every cell's id before the first one. */
export function grown(
  before: IStanding | undefined,
  { id, instruction }: { id: string; instruction: string },
  acts: readonly AppliedCell[],
  order: string[]
): IStanding {
  const applied = before?.applied ?? { instruction, order, cells: [] };
  return { id, at: before?.at ?? Date.now(), left: [], applied: { ...applied, cells: [...applied.cells, ...acts] } };
}

/** What could not be taken back is left as it is. */
export function withoutLeft(entry: IStanding): IStanding {
  return { ...entry, left: [], applied: { ...entry.applied, cells: [] } };
}
