/** Where the caret is, and whether there is anything to complete there. */

import { isKeptOut } from '../context/keptout';

/** When completions are asked for: never, when the user asks, or also while the user types. */
export type CompletionMode = 'off' | 'invoked' | 'automatic';

/** A caret in a code cell of a notebook. */
export interface ICaret {
  readonly notebook: string;
  readonly cellId: string;
  readonly before: string;
  readonly after: string;
}

/** What else decides. */
export interface ISurroundings {
  readonly isCode: boolean;
  readonly isReadOnly: boolean;
  readonly hasSelection: boolean;
  /** Whether the kernel's completer shows its list. */
  readonly hasPopup: boolean;
  readonly tags: readonly string[];
  /** Whether another cell of the notebook says anything. */
  readonly hasOtherCells: boolean;
}

const WORD = /[\p{L}\p{N}_]/u;

/** Whether a completion is worth a request. What is kept out here is kept out by the server as well. */
export function isWorthAsking(caret: ICaret, here: ISurroundings, mode: CompletionMode, typed: boolean): boolean {
  if (mode === 'off' || (typed && mode !== 'automatic')) {
    return false;
  }
  if (!here.isCode || here.isReadOnly || here.hasSelection) {
    return false;
  }
  const { before, after } = caret;
  if (isKeptOut(before + after, here.tags) || (!here.hasOtherCells && !(before + after).trim())) {
    return false;
  }
  const inWord = WORD.test(before.slice(-1));
  if (inWord && (here.hasPopup || WORD.test(after.slice(0, 1)))) {
    return false;
  }
  // Unasked only where the line ends, or where nothing but brackets and the like are left of it.
  const rest = after.split('\n', 1)[0] ?? '';
  return !typed || !WORD.test(rest);
}
