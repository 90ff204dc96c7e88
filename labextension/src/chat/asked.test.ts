import { expect, test } from 'vitest';
import { beginningOf, shortened } from './asked';

test('a question of a usual length is shown whole', () => {
  const text = 'a line of words\n'.repeat(11);
  expect(beginningOf(text)).toBe(text);
});

test('a long question is shown by its beginning', () => {
  expect(beginningOf('word '.repeat(30_000))).toBe(`${'word '.repeat(100).trimEnd()}…`);
  expect(beginningOf('line\n'.repeat(400))).toBe(`${'line\n'.repeat(8).trimEnd()}…`);
});

test('nothing is cut in the middle of a character', () => {
  expect(shortened('ab', 2)).toBe('ab');
  expect(shortened('abc', 2)).toBe('ab…');
  expect(shortened('a😀c', 2)).toBe('a…');
});
