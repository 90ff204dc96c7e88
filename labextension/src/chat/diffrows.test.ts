import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DiffView, diffRows } from './diffrows';

const rows = (before: string, after: string, isWhole = true): string[] =>
  diffRows(before.split('\n'), after.split('\n'), isWhole, count => `${count}`).map(row => `${row.kind} ${row.text}`);

test('what goes, what comes, and a little of what stays', () => {
  expect(rows('a\nb\nc\nd\ne\nf\ng', 'a\nb\nc\nd\ne\nF\ng')).toEqual([
    'gap 3',
    'same d',
    'same e',
    'old f',
    'new F',
    'same g'
  ]);
});

test('what has not come yet is not taken away', () => {
  expect(rows('a\nb\nc', 'A', false)).toEqual(['old a', 'new A']);
  expect(rows('a\nb\nc', 'a\nB', false)).toEqual(['same a', 'old b', 'new B']);
});

test('old and new can be read from the rows', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 });
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const all = diffRows(before, after, true, count => `${count}`).filter(row => row.kind !== 'gap');
      const hidden = (kept: string[], whole: string[]): boolean => kept.length <= whole.length;
      const old = all.filter(row => row.kind !== 'new').map(row => row.text);
      const fresh = all.filter(row => row.kind !== 'old').map(row => row.text);
      expect(hidden(old, before) && hidden(fresh, after)).toBe(true);
      expect(all.filter(row => row.kind === 'new').length - all.filter(row => row.kind === 'old').length).toBe(
        after.length - before.length
      );
    })
  );
});

test('a row that is there stays the same element', () => {
  const view = new DiffView('change');
  view.show([{ kind: 'same', text: 'a' }]);
  const first = view.element.querySelector('.jp-Spark-row');
  view.show([
    { kind: 'same', text: 'a' },
    { kind: 'new', text: 'b' }
  ]);
  expect(view.element.querySelector('.jp-Spark-row')).toBe(first);
  expect(view.element.querySelector('ins')?.textContent).toBe('b');
  view.show([]);
  expect(view.element.querySelector('.jp-Spark-row')).toBeNull();
});
