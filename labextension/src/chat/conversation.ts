/** A conversation about one notebook: its turns in order, and what is being written. */

import type { PastTurn } from '../_wire';
import { Turn } from './turn';
import { Ways } from './ways';

/** A conversation. Of alternatives only the first stands among the turns; it leads to the others (`Turn.ways`). */
export class Conversation {
  constructor(
    public notebook: string,
    readonly id: string = newId()
  ) {}

  turns: Turn[] = [];
  draft = '';

  /** The turn that is being answered, if any. */
  get running(): Turn | null {
    const last = this.turns[this.turns.length - 1];
    return last && !(last.ways ?? last).ended ? last : null;
  }
}

/** The turns that the journal kept, with alternatives gathered under the first of them. */
export function turnsOf(kept: readonly PastTurn[]): Turn[] {
  const turns: Turn[] = [];
  const groups = new Map<string, Turn[]>();
  for (const one of kept) {
    const turn = Turn.past(one);
    const group = one.group_id === null ? undefined : groups.get(one.group_id);
    if (group) {
      group.push(turn);
      continue;
    }
    turns.push(turn);
    if (one.group_id !== null) {
      groups.set(one.group_id, [turn]);
    }
  }
  groups.forEach(group => group.length > 1 && new Ways(group));
  return turns;
}

/** A random identifier; `crypto.randomUUID` is missing on pages without TLS. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

/** Where a notebook's draft is kept. */
export function draftKey(notebook: string): string {
  return `jupyter-spark:draft:${notebook}`;
}
