/** What is being written at the caret. */

import type { ICaret } from './caret';

/** One completion: it grows while it streams, and shrinks by what the user types along. */
export class Completion {
  constructor(
    readonly id: string,
    readonly caret: ICaret
  ) {}

  /** All that is to be shown at the caret as it was when it was asked for. */
  text = '';
  ended = false;
  /** Why there is none, in one line. */
  problem = '';

  /** What is left to show at a caret; null if the caret is not where this completion leads. */
  rest(caret: ICaret | null): string | null {
    const { before, after, cellId, notebook } = this.caret;
    if (!caret || caret.cellId !== cellId || caret.notebook !== notebook || caret.after !== after) {
      return null;
    }
    const written = before + this.text;
    return caret.before.startsWith(before) && written.startsWith(caret.before)
      ? written.slice(caret.before.length)
      : null;
  }

  say(text: string): void {
    this.text = text;
    this._wake();
  }

  end(problem = ''): void {
    this.ended = true;
    this.problem = problem;
    this._wake();
  }

  /** Resolves at the next change; at once if there will be none. */
  changed(): Promise<void> {
    return this.ended ? Promise.resolve() : new Promise(resolve => this._waiting.push(resolve));
  }

  private _wake(): void {
    this._waiting.splice(0).forEach(resolve => resolve());
  }

  private readonly _waiting: (() => void)[] = [];
}
