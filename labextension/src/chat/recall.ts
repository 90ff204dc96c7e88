/** Up and Down in the composer: what was said before in this conversation. */

import type { Conversation } from './conversation';
import { asTyped } from './slash';

/**
 * What stands `step` further back; null if there is nothing, or if the user is writing something of their own.
 *
 * @param back - how far back the text of now is; 0 for the user's own.
 */
export function recalled(
  conversation: Conversation | null,
  text: string,
  back: number,
  step: 1 | -1
): { text: string; back: number } | null {
  const said = (conversation?.turns ?? []).map(asTyped);
  const isOwn = back === 0 ? text !== '' : text !== said[said.length - back];
  const next = back + step;
  if (isOwn || next < 0 || next > said.length) {
    return null;
  }
  return { text: next ? (said[said.length - next] as string) : '', back: next };
}
