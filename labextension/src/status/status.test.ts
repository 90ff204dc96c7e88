import type { TranslationBundle } from '@jupyterlab/translation';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SpentList, TurnEvent, TurnFigures, TurnRequested } from '../_wire';
import { Activity } from './activity';
import { dayBegan, dayRows, lastRows } from './rows';

const trans = { __: (text: string) => text } as unknown as TranslationBundle;
const figures: TurnFigures = {
  first_token_s: 0.1,
  total_s: 1,
  tokens_per_s: 987.6,
  usage: { input_tokens: 1200, output_tokens: 80, cached_tokens: 0, reasoning_tokens: 0 },
  cost_usd: 0.00123,
  queue_s: null,
  endpoint_tokens_per_s: null
};
const requested = (tier: 'spark' | 'deep'): TurnRequested => ({ type: 'turn_requested', tier }) as TurnRequested;
const event = (type: string, more: object = {}): TurnEvent => ({ type, ...more }) as unknown as TurnEvent;

let activity: Activity;
beforeEach(() => {
  vi.useFakeTimers();
  activity = new Activity();
  activity.setConnection('open');
});
afterEach(() => vi.useRealTimers());

test('what is being done, of several turns at once', () => {
  expect(activity.state).toBe('idle');
  activity.onTurn('a', requested('spark'));
  activity.onTurn('b', requested('deep'));
  expect(activity.state).toBe('thinking');
  activity.onTurn('a', 'streamed');
  expect(activity.state).toBe('streaming');
  activity.setConnection('connecting');
  expect(activity.state).toBe('offline');
  activity.setConnection('open');
  activity.onTurn('a', event('turn_finished', { figures, model: 'm' }));
  expect(activity.state).toBe('thinking');
  activity.onTurn('b', 'gone');
  activity.onTurn('stranger', 'streamed');
  activity.onTurn('stranger', event('turn_failed', { figures }));
  expect(activity.state).toBe('idle');
  expect(activity.latest).toEqual({ tier: 'spark', model: 'm', figures });
});

test('it is told at most four times a second, and the last time always', () => {
  const states: string[] = [];
  vi.advanceTimersByTime(1000);
  activity.watch(() => states.push(activity.state));
  for (let turn = 0; turn < 50; turn++) {
    activity.onTurn('a', requested('spark'));
    activity.onTurn('a', 'streamed');
    activity.onTurn('a', event('turn_cancelled', { figures }));
    vi.advanceTimersByTime(20);
  }
  vi.advanceTimersByTime(1000);
  expect(states.length).toBeLessThanOrEqual(6);
  expect(states[states.length - 1]).toBe('idle');
});

test('the figures of the last turns are there after a reload', () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value)
  };
  const before = new Activity(storage);
  for (const tier of ['deep', 'spark'] as const) {
    before.onTurn(tier, requested(tier));
    before.onTurn(tier, event('turn_finished', { figures, model: `of ${tier}` }));
  }
  const after = new Activity(storage);
  expect(after.latest?.model).toBe('of spark');
  expect(lastRows(after, trans)[0]).toEqual(['Model', 'of spark', 'of deep']);
  kept.forEach((_, key) => kept.set(key, '{'));
  expect(new Activity(storage).latest).toBeNull();
});

test('the figures of the last turn and of the day', () => {
  activity.onTurn('a', event('turn_started', { tier: 'spark', model: 'm' }));
  activity.onTurn('a', event('turn_failed', { figures }));
  const rows = new Map(lastRows(activity, trans).map(([heading, ...cells]) => [heading, cells]));
  expect(rows.get('Model')).toEqual(['m', '–']);
  expect(rows.get('First token')).toEqual(['100 ms', '–']);
  expect(rows.get('Speed')).toEqual(['988 tok/s', '–']);
  expect(rows.get('Tokens in')).toEqual(['1.2k', '–']);
  expect(rows.get('of them cached')).toEqual(['0', '–']);
  expect(rows.get('Cost')).toEqual(['$0.0012', '–']);
  const tier = { turns: 2, completions: 3, input_tokens: 5, output_tokens: 6, cached_tokens: 0 };
  const day = { since_s: 0, tiers: [{ tier: 'deep', ...tier, cost_usd: 0, estimated: true }] } as SpentList;
  expect(dayRows(day, trans)).toEqual([
    ['Turns', '–', '2'],
    ['Completions', '–', '3'],
    ['Tokens in', '–', '≈ 5'],
    ['of them cached', '–', '0'],
    ['Tokens out', '–', '≈ 6'],
    ['Cost', '–', '≈ $0']
  ]);
  expect(dayRows(null, trans)[0]).toEqual(['Turns', '–', '–']);
  expect(new Date(1000 * dayBegan(new Date(2026, 4, 3, 12))).getHours()).toBe(0);
});

test('what is told in passing goes by itself, or with what comes next', () => {
  activity.note('completion failed', 'No connection.');
  expect(activity.noted).toEqual({ words: 'completion failed', why: 'No connection.' });
  vi.advanceTimersByTime(10_000);
  expect(activity.noted).toBeNull();
  activity.note('no completion');
  activity.onTurn('a', requested('spark'));
  expect(activity.noted).toBeNull();
});
