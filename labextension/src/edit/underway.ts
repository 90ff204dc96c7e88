/** Edits in cells that are not judged yet: what brings them back into their cells after the page was loaded again. */

import type { TurnRequested } from '../_wire';
import type { Standing } from '../chat/verdicts';
import { merge3 } from './merge';
import type { IScope } from './scope';

/** One such edit. Its lines are not kept: the server knows them. */
export interface IUnderway {
  readonly turnId: string;
  readonly cellId: string;
  readonly kind: 'rewrite' | 'fix' | 'generate';
  readonly instruction: string;
  /** What the cell held when it was asked for. */
  readonly base: string;
  readonly scope: IScope | null;
  readonly extras: Pick<Partial<TurnRequested>, 'cells' | 'selection'>;
}

const KEY = 'jupyter-spark:in-cells';
const MAX_KEPT = 100;

/** The edits of this page, kept where they outlive a reload. */
export class Underway {
  constructor(private readonly _storage: Pick<Storage, 'getItem' | 'setItem'>) {
    this._all = this.before = read(_storage);
  }

  /** Those from before the page was loaded that have not come back yet. */
  before: readonly IUnderway[];

  put(edit: IUnderway): void {
    this._write([...this._without(edit.turnId), edit].slice(-MAX_KEPT));
  }

  /** It is judged, or of no use any more. */
  drop(turnId: string): void {
    this.before = this.before.filter(one => one.turnId !== turnId);
    if (this._all.some(one => one.turnId === turnId)) {
      this._write(this._without(turnId));
    }
  }

  private _without(turnId: string): IUnderway[] {
    return this._all.filter(one => one.turnId !== turnId);
  }

  private _write(all: readonly IUnderway[]): void {
    this._all = all;
    try {
      this._storage.setItem(KEY, JSON.stringify(all));
    } catch {
      // There is no room for it: after a reload they stand in the chat alone.
    }
  }

  private _all: readonly IUnderway[];
}

function read(storage: Pick<Storage, 'getItem'>): readonly IUnderway[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? (kept as IUnderway[]) : [];
  } catch {
    return [];
  }
}

/** What is used of a turn. */
interface IEndedOrNot {
  readonly ended: boolean;
  readonly state: string;
  readonly proposal: { readonly edit: { readonly new_source: string } } | null;
}

/**
 * What becomes of an edit from before the page was loaded. `wait`: its turn is not known yet. `show`: it stands in its
 * cell again. `elsewhere`: the cell is not what it was made from. `drop`: there is nothing to be judged.
 *
 * @param now - what the cell holds
 * @param isKnown - whether the turns of its notebook are known
 */
export function fateOf(
  { base }: IUnderway,
  turn: IEndedOrNot | null,
  standing: Standing,
  now: string,
  isKnown: boolean
): 'wait' | 'show' | 'elsewhere' | 'drop' {
  if (!turn) {
    return isKnown ? 'drop' : 'wait';
  }
  if (!turn.ended || turn.state === 'interrupted') {
    return now === base ? 'show' : 'elsewhere';
  }
  if (turn.state !== 'done' || !turn.proposal || standing !== 'open') {
    return 'drop';
  }
  return merge3(base, now, turn.proposal.edit.new_source).ok ? 'show' : 'elsewhere';
}
