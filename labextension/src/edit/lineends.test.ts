import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splicesKeepingEnds, unified } from './lineends';

function written(from: string, to: string): string {
  return [...splicesKeepingEnds(from, to)]
    .reverse()
    .reduce((now, { start, end, text }) => now.slice(0, start) + text + now.slice(end), from);
}

test('what comes has the line ends of the cell', () => {
  expect(written('a\r\nb\r\nc', 'a\nB\nx\nc\nd')).toBe('a\r\nB\r\nx\r\nc\r\nd');
  expect(written('a\r\nb\r\nc', 'c')).toBe('c');
  expect(written('a\nb', 'a\nB\nc')).toBe('a\nB\nc');
});

test('lines that are left alone keep theirs, where a cell has both', () => {
  expect(written('a\r\nb\nc\r\nd', 'a\nb\nC\nd\ne')).toBe('a\r\nb\nC\r\nd\r\ne');
});

test('what stood there with its own line ends comes back as it was', () => {
  expect(written('a', 'a\r\nb')).toBe('a\r\nb');
  expect(written('a\r\nb', 'a\nb\r\nc')).toBe('a\nb\r\nc');
});

test('whatever the texts, the words are the proposal’s and no line end of the cell is another one', () => {
  const text = (end: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc
      .array(fc.tuple(fc.constantFrom('a', 'b = 1', '', '  c', '\r', '😀'), end), { maxLength: 10 })
      .map(lines => lines.flat().join(''));
  fc.assert(
    fc.property(text(fc.constant('\r\n')), text(fc.constant('\n')), (from, to) => {
      const after = written(from, unified(to));
      expect(unified(after)).toBe(unified(to));
      if (from && !to.includes('\r')) {
        expect(after.replace(/\r\n/g, '')).not.toContain('\n');
      }
    })
  );
});
