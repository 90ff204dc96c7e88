/** What is told of a proposed edit beside its text. */

import type { CheckResult } from '../_wire';
import { Watched } from '../watched';
import type { IScope } from './scope';
import type { IWay } from './way';

export type SuggestionState = 'waiting' | 'streaming' | 'ready' | 'stopped' | 'failed' | 'taken' | 'refused';

export abstract class Told extends Watched {
  state: SuggestionState = 'waiting';
  /** What was asked for. */
  instruction = '';
  /** What kind of cell it was asked for; empty if nobody said. */
  cellKind = '';
  /** What went wrong, and what to do about it. */
  problem = '';
  hint = '';
  /** Speed, and whatever else is worth a quiet line. */
  figures: readonly string[] = [];
  checks: readonly CheckResult[] = [];
  /** The other ways, the shown one included; empty if there is only one. */
  ways: readonly IWay[] = [];
  shown = 0;
  /** The lines of the cell that it was asked for; null for the whole of it. */
  scope: IScope | null = null;
  /** Whether the user wrote into it. */
  hasOwnWords = false;
  /** Whether the user and the proposal changed the same lines, each in its own way. */
  conflicts = false;
  /** The lines of `base` that the user wrote since, where the proposal stands against them after a conflict. */
  own: ReadonlySet<number> = new Set();
  /** Whether some of it was taken already. */
  hasTaken = false;
  /** Whether it is not what was proposed: the user wrote into it, or refused a part of it. */
  isEdited = false;

  get isOpen(): boolean {
    return this.state !== 'taken' && this.state !== 'refused';
  }

  get isRunning(): boolean {
    return this.state === 'waiting' || this.state === 'streaming';
  }

  stop(): void {
    if (this.isRunning) {
      this.state = 'stopped';
      this.changed();
    }
  }

  fail(problem: string, hint = ''): void {
    if (this.isOpen) {
      this.state = 'failed';
      this.problem = problem;
      this.hint = hint;
      this.changed();
    }
  }

  tell(figures: readonly string[]): void {
    this.figures = figures;
    this.changed();
  }

  /** What was found in the text that is shown now; it is known of that way from then on. */
  found(checks: readonly CheckResult[]): void {
    this.checks = checks;
    this.ways = this.ways.map((way, index) => (index === this.shown ? { ...way, checks } : way));
    this.changed();
  }
}
