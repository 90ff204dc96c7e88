import { expect, test } from 'vitest';
import { aroundOf, between, surrounded } from './around';
import { Suggestion } from './suggestion';

test('what stands around a text is found by whole lines', () => {
  expect(aroundOf('b', 'a\n\nb\n\nc')).toEqual({ before: ['a', ''], after: ['', 'c'] });
  expect(aroundOf('b', 'b\nc')).toEqual({ before: [], after: ['c'] });
  expect(aroundOf('b', 'a\nb')).toEqual({ before: ['a'], after: [] });
  expect(aroundOf('b', 'ab\nbc')).toBeNull();
  expect(aroundOf('b', 'b')).toBeNull();
});

test('lines are put between others, and taken out again only where those still stand', () => {
  const around = { before: ['a'], after: ['c', 'd'] };
  const whole = surrounded(['b'], around);
  expect(whole).toEqual(['a', 'b', 'c', 'd']);
  expect(between(whole, around)).toEqual(['b']);
  expect(between(['a', 'b', 'c'], around)).toBeNull();
  expect(between(['x', 'b', 'c', 'd'], around)).toBeNull();
  expect(between(surrounded(['b'], around, false), around, false)).toEqual(['b']);
});

test('a proposal goes with its cell into a merged one while it arrives, and out of it again', () => {
  const suggestion = new Suggestion('one\ntwo');
  suggestion.append(['ONE']);
  expect(suggestion.surround({ before: ['zero', ''], after: ['', 'three'] })).toBe(true);
  expect(suggestion.base).toBe('zero\n\none\ntwo\n\nthree');
  suggestion.append(['two']);
  expect(suggestion.hunks().map(({ oldFrom, oldTo }) => [oldFrom, oldTo])).toEqual([[2, 3]]);
  suggestion.ready('ONE\ntwo');
  expect(suggestion.text).toBe('zero\n\nONE\ntwo\n\nthree');
  expect(suggestion.surround({ before: [], after: [] })).toBe(true);
  expect([suggestion.base, suggestion.text]).toEqual(['one\ntwo', 'ONE\ntwo']);
});

test('what begins anew in a merged cell keeps the lines around it', () => {
  const suggestion = new Suggestion('one');
  suggestion.append(['ONE']);
  suggestion.surround({ before: ['zero'], after: [] });
  suggestion.restart();
  expect(suggestion.text).toBe('zero');
  suggestion.ready('uno');
  expect(suggestion.text).toBe('zero\nuno');
});

test('a question that still waits is about the merged cell', () => {
  const suggestion = new Suggestion('one');
  suggestion.surround({ before: ['zero'], after: [] });
  suggestion.startFrom('zero\none');
  suggestion.ready('ZERO\nONE');
  expect(suggestion.text).toBe('ZERO\nONE');
});

test('other ways go along; what the user changed around the lines stays where it is', () => {
  const suggestion = new Suggestion('one');
  suggestion.ready('ONE');
  suggestion.offer([
    { text: 'ONE', checks: [] },
    { text: 'uno', checks: [] }
  ]);
  suggestion.surround({ before: ['zero', ''], after: [] });
  suggestion.walk(1);
  expect(suggestion.text).toBe('zero\n\nuno');
  suggestion.follow('nought\n\none');
  expect(suggestion.text).toBe('nought\n\nuno');
  expect(suggestion.surround({ before: [], after: [] })).toBe(false);
});
