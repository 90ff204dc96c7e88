/** A turn's figures in a few words. */

import type { TurnFigures } from '../_wire';
import type { Turn } from './turn';

/** A token of words and code, in characters, where nobody has counted yet. */
const CHARS_PER_TOKEN = 4;
/** A rate over less than this says nothing. */
const MIN_RATE_MS = 200;

/** What endpoints tell of themselves; not all do. */
type AllFigures = TurnFigures & { queue_s?: number | null };

/** Tier, model, time to first token, tokens a second, tokens in, cost, time in the queue: what is known of them. */
export function closingLine(turn: Turn): string[] {
  const parts: string[] = [turn.tier, turn.model].filter(part => part);
  const figures: AllFigures | null = turn.figures;
  if (!figures) {
    return parts;
  }
  if (figures.first_token_s !== null) {
    parts.push(duration(figures.first_token_s));
  }
  if (figures.tokens_per_s !== null) {
    parts.push(rate(figures.tokens_per_s));
  }
  if (figures.usage) {
    const { input_tokens: sent, cached_tokens: cached } = figures.usage;
    parts.push(cached ? `${tokens(sent)} in (${tokens(cached)} cached)` : `${tokens(sent)} in`);
  }
  if (figures.cost_usd) {
    parts.push(`$${figures.cost_usd.toFixed(4)}`);
  }
  if (figures.queue_s) {
    parts.push(`${duration(figures.queue_s)} queued`);
  }
  return parts;
}

/** The same while the answer comes, as the page sees it: time to first text, and a rate estimated from its length. */
export function liveLine(turn: Turn, nowMs: number): string {
  if (turn.firstAt === null) {
    return duration((nowMs - turn.askedAt) / 1000);
  }
  const parts = [duration((turn.firstAt - turn.askedAt) / 1000)];
  const spentMs = nowMs - turn.firstAt;
  if (spentMs >= MIN_RATE_MS) {
    parts.push(`≈ ${rate((1000 * turn.receivedChars) / CHARS_PER_TOKEN / spentMs)}`);
  }
  return parts.join(' · ');
}

/** A time in seconds, for reading. */
export function duration(seconds: number): string {
  return seconds < 0.9995 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}

/** A number of tokens, for reading. */
export function tokens(count: number): string {
  return count < 1000 ? `${count}` : `${(count / 1000).toFixed(1)}k`;
}

function rate(perSecond: number): string {
  return `${Math.round(perSecond).toLocaleString()} tok/s`;
}
