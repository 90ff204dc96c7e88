import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ISplice, splicesOf } from './splices';

function applied(text: string, splices: readonly ISplice[]): string {
  return [...splices]
    .reverse()
    .reduce((now, { start, end, text }) => now.slice(0, start) + text + now.slice(end), text);
}

describe('splicesOf', () => {
  it('touches the words that change, not their lines', () => {
    expect(splicesOf('a\ntotal = 1\nb', 'a\ntotals = 1\nb')).toEqual([{ start: 7, end: 7, text: 's' }]);
    expect(splicesOf('x = f(a, b)\ny', 'x = g(a, c)\ny')).toEqual([
      { start: 4, end: 5, text: 'g' },
      { start: 9, end: 10, text: 'c' }
    ]);
  });

  it('adds and takes lines without touching those around', () => {
    expect(splicesOf('a', 'a\nb')).toEqual([{ start: 1, end: 1, text: '\nb' }]);
    expect(splicesOf('a\nb\nc', 'a\nc')).toEqual([{ start: 2, end: 4, text: '' }]);
    expect(splicesOf('', 'a\n')).toEqual([{ start: 0, end: 0, text: 'a\n' }]);
    expect(splicesOf('a\nb', '')).toEqual([{ start: 0, end: 3, text: '' }]);
    expect(splicesOf('a\nb', 'a\nb')).toEqual([]);
  });

  it('never cuts a character of two units', () => {
    // The two faces begin with the same unit, the two planets end with the same one.
    expect(splicesOf('s = "😀"', 's = "😁"')).toEqual([{ start: 5, end: 7, text: '😁' }]);
    expect(splicesOf('s = "\ud83c\udf0d"', 's = "\ud83d\udf0d"')).toEqual([{ start: 5, end: 7, text: '\ud83d\udf0d' }]);
  });

  it('replaces as one what is another text', () => {
    const words = (name: string): string => Array.from({ length: 300 }, (_, index) => `${name}${index}`).join(' ');
    expect(splicesOf(`a\n${words('x')}\nb`, `a\n${words('y')}\nb`)).toHaveLength(1);
  });

  it('turns any text into any other, in order and apart', () => {
    const piece = fc.constantFrom('a', 'ab', ' ', '\n', '\r\n', '😀', '😁', '\ud83c\udf0d', '\u2028', '__proto__', '(');
    const text = fc.array(piece, { maxLength: 30 }).map(pieces => pieces.join(''));
    fc.assert(
      fc.property(text, text, (from, to) => {
        const splices = splicesOf(from, to);
        expect(applied(from, splices)).toBe(to);
        splices.reduce((end, splice) => {
          expect(splice.start).toBeGreaterThanOrEqual(end);
          expect(splice.end > splice.start || splice.text !== '').toBe(true);
          const cuts = [from.slice(0, splice.start), from.slice(splice.start, splice.end), splice.text];
          cuts.forEach(cut => expect(cut).not.toMatch(/[\ud800-\udbff]$|^[\udc00-\udfff]/));
          return splice.end;
        }, 0);
      }),
      { numRuns: 1000 }
    );
  });
});
