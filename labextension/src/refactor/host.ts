/** What a notebook's refactors use of the page, and what they are told and tell. */

import type { RefactorList, RefactorRequested } from '../_wire';
import type { RefactorChannel } from '../channel/refactors';
import type { Tier } from '../chat/turn';

export interface IRefactorHost {
  readonly channel: RefactorChannel;
  load(notebook: string): Promise<RefactorList>;
  /** The server gets what the user typed a moment ago. */
  push(notebook: string): void;
  tier(): Tier;
  readonly words: { readonly notHeld: string };
}

/** How a refactor is begun, where that is not as ever. */
export interface IStart extends Partial<Pick<RefactorRequested, 'tier' | 'profile' | 'plan'>> {
  /** Whether it is carried out, and accepted if all of it holds, without asking. */
  readonly unasked?: boolean;
}

/** How many cells were changed and how many were left alone. */
export interface ITaken {
  readonly taken: number;
  readonly held: number;
}
