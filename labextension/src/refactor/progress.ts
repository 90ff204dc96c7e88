/** How far the writing and the verification of a refactor are. Free of JupyterLab. */

import type { StepDone, VerificationReport, VerifyProgress } from '../_wire';
import { Suggestion } from '../edit/suggestion';

/** How far a step is. */
export interface IStepState {
  /** The text as it arrives; null before anything has. */
  stream: Suggestion | null;
  done: StepDone | null;
}

/** The steps of a plan while they are written. */
export class WritingProgress {
  /** @param _begunAt - in ms since the epoch */
  constructor(private readonly _begunAt = Date.now()) {}

  readonly steps = new Map<string, IStepState>();
  done = 0;
  total = 0;
  /** About how long the rest takes, in seconds. */
  leftS: number | null = null;

  /** A cell's new text begins to arrive, in the place of the old one. */
  begin(stepId: string, oldSource: string): void {
    this._step(stepId).stream = new Suggestion(oldSource);
  }

  append(stepId: string, lines: readonly string[]): void {
    this._step(stepId).stream?.append(lines);
  }

  end(event: StepDone): void {
    this._step(event.step_id).done = event;
    this.done = event.done;
    this.total = event.total;
    this.leftS = event.left_s ?? this._guessLeft();
  }

  /** Without the server's word: the rest as fast as what is done. */
  private _guessLeft(): number {
    return ((Date.now() - this._begunAt) / 1000 / this.done) * (this.total - this.done);
  }

  private _step(stepId: string): IStepState {
    let step = this.steps.get(stepId);
    if (!step) {
      step = { stream: null, done: null };
      this.steps.set(stepId, step);
    }
    return step;
  }
}

/** What running the notebook before and after has shown, or how far it is. */
export interface IVerification {
  isRunning: boolean;
  progress: readonly VerifyProgress[];
  report: VerificationReport | null;
  problem: string;
  /** Whether what would be taken is another choice now. */
  isOld: boolean;
}
