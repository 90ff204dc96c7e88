/** One change of a proposal, and what the user makes of it. Free of JupyterLab. */

import type { CellChange, RefactorProposal, VerificationReport } from '../_wire';
import { settled } from '../edit/merge';
import { Spot } from '../edit/spot';
import { Suggestion } from '../edit/suggestion';
import { cellOf, type IReviewedNotebook, isLocked } from './notebook';

/** `taken` and `refused` are the user's words; `gone` and `locked` cells cannot be changed. */
export type ChangeState = 'open' | 'taken' | 'refused' | 'conflict' | 'gone' | 'locked';

export class ReviewedChange {
  constructor(readonly change: CellChange) {
    this._suggestion = this._proposed(change.old_source, this._made);
    this._expected = change.old_source;
  }

  /** The way from the cell's text to the new one. */
  get suggestion(): Suggestion {
    return this._suggestion;
  }

  /** Whether it is taken when all is accepted. */
  isTicked = true;

  get state(): ChangeState {
    return this._verdict ?? this._present;
  }

  /** Whether it can still be accepted or refused. */
  get isOpen(): boolean {
    return this._verdict === null;
  }

  get isRearranging(): boolean {
    return this.change.operation !== 'edit';
  }

  /** The text that it would leave, with what the user left out of it. */
  get text(): string {
    return this.change.operation === 'delete' ? '' : this.suggestion.text;
  }

  /** Whether the whole of it is still to be judged, as it was made. */
  get isAsMade(): boolean {
    return this.suggestion.base === this.change.old_source && this.suggestion.text === this._made;
  }

  /** Go on with what was left to be judged before the page was loaded again. */
  resume(base: string, text: string, isPartlyTaken: boolean): void {
    this._suggestion = this._proposed(base, text);
    if (isPartlyTaken) {
      this.suggestion.rebase(base);
    }
  }

  /** Look at the notebook as it is now. */
  follow(notebook: IReviewedNotebook): void {
    if (!this.isOpen || this.change.operation === 'insert') {
      return;
    }
    const { operation, cell_id } = this.change;
    const cell = cellOf(notebook, cell_id);
    if (!cell) {
      this._present = 'gone';
      return;
    }
    const source = cell.getSource();
    if (operation === 'edit') {
      this.suggestion.follow(source);
      this._present = isLocked(cell, 'editable') ? 'locked' : this.suggestion.conflicts ? 'conflict' : 'open';
    } else if (operation === 'delete') {
      this._present = isLocked(cell, 'deletable') ? 'locked' : source !== this._expected ? 'conflict' : 'open';
    } else {
      this._present = 'open';
    }
  }

  /** Where the edit is taken; the same one as long as the notebook is. */
  spot(notebook: IReviewedNotebook): Spot {
    if (this._spot?.notebook !== notebook) {
      this._spot = new Spot(notebook, this.change.cell_id);
      this._spot.propose(this.suggestion);
    }
    return this._spot;
  }

  /** The text of the cell now, and what was proposed, where both changed the same lines. */
  both(notebook: IReviewedNotebook): { mine: string; proposed: string } {
    return { mine: cellOf(notebook, this.change.cell_id)?.getSource() ?? '', proposed: this.text };
  }

  /** Settle a conflict: of lines that both changed, the user's stay or the proposal's come; all others are merged. */
  settle(notebook: IReviewedNotebook, whose: 'mine' | 'proposed'): void {
    const source = cellOf(notebook, this.change.cell_id)?.getSource();
    if (source === undefined || this.state !== 'conflict') {
      return;
    }
    if (this.change.operation === 'delete') {
      this._expected = source;
      if (whose === 'mine') {
        this.refuse();
      }
    } else {
      const merge = this.suggestion.mergedWith(source);
      const text = merge.ok
        ? merge.text
        : settled(merge.pieces, conflict => (whose === 'mine' ? conflict.ours : conflict.theirs));
      this.suggestion.face(source);
      this.suggestion.revise(text);
      if (text === source) {
        this.refuse();
      }
    }
    this.follow(notebook);
  }

  take(): void {
    this._verdict = 'taken';
    this.suggestion.take();
  }

  refuse(): void {
    if (this.isOpen) {
      this.suggestion.refuse();
      this._verdict = this.suggestion.state === 'taken' ? 'taken' : 'refused';
    }
  }

  private get _made(): string {
    return this.change.operation === 'delete' ? '' : this.change.new_source;
  }

  private _proposed(base: string, text: string): Suggestion {
    const suggestion = new Suggestion(base);
    suggestion.ready(text, this.change.checks);
    return suggestion;
  }

  private _suggestion: Suggestion;
  private _verdict: 'taken' | 'refused' | null = null;
  private _present: ChangeState = 'open';
  private _expected: string;
  private _spot: Spot | null = null;
}

/** Changes in the order of their cells; new cells come behind the one that they belong below. */
export function inOrder(changes: readonly ReviewedChange[], order: readonly string[]): ReviewedChange[] {
  const below = new Map<string, string>();
  changes.forEach(({ change }) => change.operation === 'insert' && below.set(change.cell_id, change.below));
  const key = ({ change }: ReviewedChange): number => {
    let id = change.operation === 'insert' ? change.below : change.cell_id;
    while (below.has(id)) {
      id = below.get(id) as string;
    }
    return order.indexOf(id) + (change.operation === 'insert' ? 0.5 : 0);
  };
  return [...changes].sort((one, other) => key(one) - key(other));
}

/** What is not taken unasked: changes of which a check does not hold, or which are the cause that another cell fails. */
export function doubtfulGroups({ changes, checks }: RefactorProposal): Set<string> {
  const findings = checks.filter(check => !check.ok);
  const cells = new Set(findings.filter(check => !check.groups.length && check.cell_id).map(check => check.cell_id));
  const doubtful = changes.filter(change => change.checks.some(check => !check.ok) || cells.has(change.cell_id));
  return new Set([...doubtful.map(change => change.group), ...findings.flatMap(check => check.groups)]);
}

/** What leads to another output, or to none; and what belongs to it. */
export function failingGroups(changes: readonly ReviewedChange[], report: VerificationReport | null): Set<string> {
  const cells = report?.cells ?? [];
  const failing = cells.filter(cell => ['differs', 'newly_fails', 'not_run'].includes(cell.verdict));
  const ids = new Set(failing.flatMap(cell => [...cell.before_ids, ...cell.after_ids]));
  return new Set(changes.filter(({ change }) => ids.has(change.cell_id)).map(({ change }) => change.group));
}

/** What would be in the notebook, by the changes' ids: what is taken already, and what is ticked. */
export function chosenOf(changes: readonly ReviewedChange[]): { accepted: string[]; texts: Record<string, string> } {
  const chosen = changes.filter(one => one.state === 'taken' || (one.isOpen && one.isTicked));
  const texts: Record<string, string> = {};
  for (const { change, text } of chosen) {
    if (change.operation !== 'delete' && text !== change.new_source) {
      texts[change.change_id] = text;
    }
  }
  return { accepted: chosen.map(one => one.change.change_id), texts };
}
