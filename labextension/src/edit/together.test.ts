import { expect, test } from 'vitest';
import { Spot } from './spot';
import { Suggestion } from './suggestion';
import { isAsked, nextOf, openOf, readyOf } from './together';

/** Three cells that were asked together. */
function three(): Spot[] {
  const cells = ['a', 'b', 'c'].map(id => ({ id, cell_type: 'code', getSource: () => id }));
  const notebook = { cells } as unknown as Spot['notebook'];
  const spots = cells.map(({ id }) => new Spot(notebook, id));
  for (const spot of spots) {
    spot.propose(new Suggestion(spot.cellId));
    spot.together = spots;
  }
  return spots;
}

test('the next one to be judged is the one below, and after the last one the first', () => {
  const [a, b, c] = three() as [Spot, Spot, Spot];
  expect(nextOf(a)).toBe(b);
  expect(nextOf(c)).toBe(a);
  b.suggestion?.refuse();
  expect(nextOf(a)).toBe(c);
  a.suggestion?.refuse();
  expect(nextOf(c)).toBeNull();
});

test('all at once are those that are whole, or that are not judged yet', () => {
  const [a, b, c] = three() as [Spot, Spot, Spot];
  a.suggestion?.ready('A');
  c.suggestion?.ready('C');
  expect(readyOf(b)).toEqual([a, c]);
  expect(openOf(b)).toEqual([a, b, c]);
});

test('a cell that was asked for something else meanwhile is no longer among them', () => {
  const [a, b, c] = three() as [Spot, Spot, Spot];
  b.together = [];
  expect(nextOf(a)).toBe(c);
  expect(nextOf(b)).toBeNull();
});

test('words that were sent bring nothing a second time, unless nothing came of them', () => {
  const [a] = three() as [Spot];
  expect(isAsked(a, 'ten')).toBe(false);
  a.sent = 'ten';
  expect([isAsked(a, 'ten'), isAsked(a, 'ten times')]).toEqual([true, false]);
  a.suggestion?.ready('A');
  expect(isAsked(a, 'ten')).toBe(true);
  a.propose(new Suggestion('a'));
  a.sent = 'ten';
  a.suggestion?.stop();
  expect(isAsked(a, 'ten')).toBe(false);
});
