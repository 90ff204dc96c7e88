/** Several ways to do what was asked. */

import type { CheckResult } from '../_wire';

/** One of several ways to do what was asked. */
export interface IWay {
  readonly text: string;
  readonly checks: readonly CheckResult[];
  /** By which whoever offers it knows it. */
  readonly key?: string;
  /** What it was made from, if that is not what the first one was made from. */
  readonly origin?: string;
  /** Whether the user put own words into it. */
  readonly isEdited?: boolean;
}
