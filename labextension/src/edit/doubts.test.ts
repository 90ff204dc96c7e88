import { nullTranslator } from '@jupyterlab/translation';
import { expect, test, vi } from 'vitest';
import type { CheckResult } from '../_wire';
import { Doubts } from './doubts';
import { beginRevision, endRevision } from './revising';
import { type ISpotCell, Spot } from './spot';
import { Suggestion } from './suggestion';

const trans = nullTranslator.load('jupyter_spark');
const PARSES: CheckResult = { name: 'parses', ok: true, message: '', line: null };
const BROKEN: CheckResult = { name: 'parses', ok: false, message: 'SyntaxError: invalid syntax', line: 1 };

function made(checks: readonly CheckResult[] = []): { spot: Spot; suggestion: Suggestion } {
  const cell = { id: 'one', cell_type: 'code', getSource: () => 'a = 1', getMetadata: () => undefined };
  const spot = new Spot({ cells: [cell as unknown as ISpotCell] }, 'one');
  const suggestion = new Suggestion('a = 1');
  spot.propose(suggestion);
  suggestion.ready('a = (', checks);
  return { spot, suggestion };
}

test('an edit that does not hold is taken only when that is asked for again', () => {
  const doubts = new Doubts(() => Promise.resolve(PARSES), trans);
  const { spot, suggestion } = made([PARSES, BROKEN]);
  expect(doubts.ofTaking(spot)).toBe('✗ SyntaxError: invalid syntax. Accept again to take it all the same.');
  expect(doubts.ofTaking(spot)).toBe('');
  suggestion.offer([
    { text: 'a = (', checks: [PARSES, BROKEN] },
    { text: 'a = [', checks: [BROKEN] },
    { text: 'a = 2', checks: [PARSES] }
  ]);
  suggestion.choose(1);
  expect(doubts.ofTaking(spot)).toContain('Accept again');
  suggestion.choose(2);
  expect(doubts.ofTaking(spot)).toBe('');
});

test('what the user makes of a proposal is checked, once for each text', async () => {
  const check = vi.fn((source: string) => Promise.resolve(source.includes('(') ? BROKEN : PARSES));
  const doubts = new Doubts(check, trans);
  const { spot, suggestion } = made([PARSES]);
  expect(doubts.look(spot)).toBeNull(); // nothing was changed
  suggestion.revise('a = (1');
  const known = doubts.look(spot);
  expect(doubts.look(spot)).toBe(known);
  await known;
  expect(suggestion.checks).toEqual([BROKEN]);
  expect(doubts.look(spot)).toBeNull();
  expect(doubts.ofTaking(spot)).toContain('Accept again');
  suggestion.revise('a = 1 + 1');
  await doubts.look(spot);
  expect([suggestion.checks, doubts.ofTaking(spot)]).toEqual([[PARSES], '']);
  expect(check).toHaveBeenCalledTimes(2);
});

test('a check that does not come, or comes for another text, changes nothing', async () => {
  let answer: (check: CheckResult) => void = () => undefined;
  const doubts = new Doubts(() => new Promise(done => (answer = done)), trans);
  const { spot, suggestion } = made([PARSES]);
  suggestion.revise('a = 3');
  const known = doubts.look(spot);
  suggestion.revise('a = 4');
  answer(BROKEN);
  await known;
  expect(suggestion.checks).toEqual([]);
  const failing = new Doubts(() => Promise.reject(new Error('no server')), trans);
  await failing.look(spot);
  expect([suggestion.checks, failing.ofTaking(spot)]).toEqual([[], '']);
  spot.mimeType = () => 'text/x-rsrc';
  expect(new Doubts(() => Promise.resolve(BROKEN), trans).look(spot)).toBeNull();
});

test('own words in a proposal go only when another one is asked for again', () => {
  const doubts = new Doubts(() => Promise.resolve(PARSES), trans);
  const { spot, suggestion } = made([PARSES]);
  expect(doubts.ofAskingAnew(spot)).toBe('');
  beginRevision(spot, suggestion.hunks()[0]!);
  endRevision(spot);
  expect(doubts.ofAskingAnew(spot)).toBe(''); // looked at, and left as it was
  beginRevision(spot, suggestion.hunks()[0]!);
  spot.revision!.text = 'mine = 1';
  endRevision(spot);
  expect(doubts.ofAskingAnew(spot)).toContain('What you wrote');
  expect(doubts.ofAskingAnew(spot)).toBe('');
});
