/** The figures as rows of a table: one for each kind, a column for each tier. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Spent, SpentList } from '../_wire';
import { duration, tokens } from '../chat/figures';
import type { Tier } from '../chat/turn';
import type { Activity, ILast } from './activity';

export const TIERS: readonly Tier[] = ['spark', 'deep'];
/** What is not known. */
export const UNKNOWN = '–';

/** A row: its heading, and what it says of each tier. */
export type Row = readonly [heading: string, ...cells: string[]];

/** What the last turn of each tier took. */
export function lastRows(activity: Activity, trans: TranslationBundle): Row[] {
  const row = (heading: string, tell: (last: ILast) => string | null): Row => [
    heading,
    ...TIERS.map(tier => {
      const last = activity.last.get(tier);
      return (last && tell(last)) ?? UNKNOWN;
    })
  ];
  return [
    row(trans.__('Model'), last => last.model || null),
    row(trans.__('First token'), ({ figures }) => known(figures.first_token_s, duration)),
    row(trans.__('Speed'), ({ figures }) => known(figures.tokens_per_s, speed)),
    row(trans.__('Tokens in'), ({ figures }) => known(figures.usage?.input_tokens, tokens)),
    row(trans.__('of them cached'), ({ figures }) => known(figures.usage?.cached_tokens, tokens)),
    row(trans.__('Tokens out'), ({ figures }) => known(figures.usage?.output_tokens, tokens)),
    row(trans.__('Cost'), ({ figures }) => known(figures.cost_usd, dollars))
  ];
}

/** The day's sums by tier; sums that rest on estimates say so. */
export function dayRows(day: SpentList | null, trans: TranslationBundle): Row[] {
  const row = (heading: string, tell: (spent: Spent) => string | null): Row => [
    heading,
    ...TIERS.map(tier => {
      const spent = day?.tiers.find(row => row.tier === tier);
      return (spent && tell(spent)) ?? UNKNOWN;
    })
  ];
  const about = (spent: Spent, text: string): string => (spent.estimated ? `≈ ${text}` : text);
  return [
    row(trans.__('Turns'), spent => `${spent.turns}`),
    row(trans.__('Completions'), spent => `${spent.completions}`),
    row(trans.__('Tokens in'), spent => about(spent, tokens(spent.input_tokens))),
    row(trans.__('of them cached'), spent => tokens(spent.cached_tokens)),
    row(trans.__('Tokens out'), spent => about(spent, tokens(spent.output_tokens))),
    row(trans.__('Cost'), spent => (spent.cost_usd === null ? null : about(spent, dollars(spent.cost_usd))))
  ];
}

/** A speed, for reading. */
export function speed(perSecond: number): string {
  return `${Math.round(perSecond).toLocaleString()} tok/s`;
}

function dollars(cost: number): string {
  return cost === 0 ? '$0' : `$${cost.toFixed(4)}`;
}

function known(value: number | null | undefined, tell: (value: number) => string): string | null {
  return value === null || value === undefined ? null : tell(value);
}

/** When the reader's day began, in seconds since the epoch. */
export function dayBegan(now: Date): number {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime() / 1000;
}
