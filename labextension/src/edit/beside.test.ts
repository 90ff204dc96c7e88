import { expect, test } from 'vitest';
import { beginRevision, endRevisionBeside } from './revising';
import { Spot } from './spot';
import { Suggestion } from './suggestion';
import { takeHunk } from './take';

const OLD = 'a = 1\nb = 2\nc = 3\nd = 4\ne = 5';

function made(): { spot: Spot; suggestion: Suggestion } {
  let source = OLD;
  const cell = {
    ...{ id: 'one', cell_type: 'code', getSource: () => source, getMetadata: () => undefined },
    transact: (change: () => void) => change(),
    updateSource: (start: number, end: number, text = '') =>
      (source = source.slice(0, start) + text + source.slice(end))
  };
  const spot = new Spot({ cells: [cell] }, 'one');
  const suggestion = new Suggestion(OLD);
  spot.propose(suggestion);
  suggestion.ready('a = 10\nb = 2\nc = 3\nd = 4\ne = 50');
  return { spot, suggestion };
}

test('a change is taken while another one is being put into own words', () => {
  const { spot, suggestion } = made();
  const [first, second] = suggestion.hunks();
  beginRevision(spot, first!);
  spot.revision!.text = 'a = 11\nmine = 1';
  const found = endRevisionBeside(spot, second!);
  expect(takeHunk(spot, found)).toBe('done');
  expect(spot.cell?.getSource()).toBe(OLD.replace('e = 5', 'e = 50'));
  expect(suggestion.text).toBe('a = 11\nmine = 1\nb = 2\nc = 3\nd = 4\ne = 50');
});

test('the change that has own words is taken with those', () => {
  const { spot, suggestion } = made();
  const [first] = suggestion.hunks();
  beginRevision(spot, first!);
  spot.revision!.text = 'a = 11';
  expect(takeHunk(spot, endRevisionBeside(spot, first!))).toBe('done');
  expect(spot.cell?.getSource()).toBe(OLD.replace('a = 1', 'a = 11'));
});

test('a change that is not shown any more is none', () => {
  const { spot, suggestion } = made();
  const [first, second] = suggestion.hunks();
  suggestion.refuseHunk(first!);
  beginRevision(spot, suggestion.hunks()[0]!);
  expect(takeHunk(spot, endRevisionBeside(spot, second!))).toBe('changed');
});
