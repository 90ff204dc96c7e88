/** One of several ways to do what was asked. */

import type { CheckResult } from '../_wire';
import { type IAround, resurroundedText } from './around';

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

/** A way that goes with its cell into a merged one, or out of it. */
export function movedWay(way: IWay, origin: string, old: IAround, now: IAround): IWay {
  const text = (before: string): string => resurroundedText(before, old, now);
  return { ...way, text: text(way.text), origin: text(way.origin ?? origin) };
}
