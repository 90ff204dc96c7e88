/** What the user set in Lab's settings editor. */

import type { Tier } from '../chat/turn';
import type { CompletionMode } from '../complete/caret';
import { type IQuickInstruction, readInstructions } from '../quick/instructions';
import { Watched } from '../watched';

export interface IOptions {
  defaultTier: Tier;
  sendSelection: boolean;
  sendError: boolean;
  sendVariables: boolean;
  showReceipts: boolean;
  completion: CompletionMode;
  provenance: boolean;
  prefetchFixes: boolean;
  quickInstructions: readonly IQuickInstruction[];
}

export const DEFAULTS: IOptions = {
  defaultTier: 'spark',
  sendSelection: true,
  sendError: true,
  sendVariables: true,
  showReceipts: true,
  completion: 'invoked',
  provenance: false,
  prefetchFixes: false,
  quickInstructions: [] // the schema's
};

const SWITCHES = [
  'sendSelection',
  'sendError',
  'sendVariables',
  'showReceipts',
  'provenance',
  'prefetchFixes'
] as const;
const MODES: readonly unknown[] = ['off', 'invoked', 'automatic'] satisfies CompletionMode[];

/** The options of now; views watch them. */
export class SparkOptions extends Watched {
  get current(): IOptions {
    return this._current;
  }

  /** Take what the settings hold; what is missing or of another kind stays at its default. */
  set(values: Partial<Record<keyof IOptions, unknown>>): void {
    const next: IOptions = { ...DEFAULTS };
    for (const name of SWITCHES) {
      const value = values[name];
      next[name] = typeof value === 'boolean' ? value : DEFAULTS[name];
    }
    next.defaultTier = values.defaultTier === 'deep' ? 'deep' : 'spark';
    next.completion = MODES.includes(values.completion) ? (values.completion as CompletionMode) : DEFAULTS.completion;
    next.quickInstructions = readInstructions(values.quickInstructions);
    this._current = next;
    this.changed();
  }

  private _current = DEFAULTS;
}
