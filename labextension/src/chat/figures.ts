/** A turn's figures in a few words. */

import type { Turn } from './turn';

/** Tier, model, time to first token, tokens a second, tokens in, cost: what is known of them. */
export function closingLine(turn: Turn): string[] {
  const parts: string[] = [turn.tier, turn.model].filter(part => part);
  const figures = turn.figures;
  if (!figures) {
    return parts;
  }
  if (figures.first_token_s !== null) {
    parts.push(duration(figures.first_token_s));
  }
  if (figures.tokens_per_s !== null) {
    parts.push(`${Math.round(figures.tokens_per_s).toLocaleString()} tok/s`);
  }
  if (figures.usage) {
    const { input_tokens: sent, cached_tokens: cached } = figures.usage;
    parts.push(cached ? `${tokens(sent)} in (${tokens(cached)} cached)` : `${tokens(sent)} in`);
  }
  if (figures.cost_usd) {
    parts.push(`$${figures.cost_usd.toFixed(4)}`);
  }
  return parts;
}

/** A time in seconds, for reading. */
export function duration(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}

/** A number of tokens, for reading. */
export function tokens(count: number): string {
  return count < 1000 ? `${count}` : `${(count / 1000).toFixed(1)}k`;
}
