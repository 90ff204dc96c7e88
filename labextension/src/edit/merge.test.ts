import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { merge3, settled } from './merge';

// Few different lines, so that they repeat; names that every JavaScript object has; line ends of other systems.
const line = fc.constantFrom('', 'a', 'b', 'c = 1', '    d', 'x\r', '\r', '__proto__', 'constructor', 'é😀', '\u2028');
const text = fc.array(line, { maxLength: 12 }).map(lines => lines.join('\n'));

/** A text and two changes of it, each of a few lines, as a hand and a model make them. */
const changed = fc
  .array(line, { minLength: 1, maxLength: 14 })
  .chain(base => fc.tuple(fc.constant(base.join('\n')), changeOf(base), changeOf(base)));

function changeOf(base: readonly string[]): fc.Arbitrary<string> {
  const splice = fc.tuple(fc.nat(base.length), fc.nat(3), fc.array(line, { maxLength: 3 }));
  return fc.array(splice, { maxLength: 3 }).map(splices => {
    const lines = [...base];
    splices.forEach(([at, count, fresh]) => lines.splice(at, count, ...fresh));
    return lines.join('\n');
  });
}

describe('merge3', () => {
  it('takes both changes where their lines are apart', () => {
    const merge = merge3('a\nb\nc\nd\ne', 'a\nB\nc\nd\ne', 'a\nb\nc\nD\ne\nf');
    expect(merge).toEqual({ ok: true, text: 'a\nB\nc\nD\ne\nf' });
  });

  it('shows both sides where they changed the same line, and what stands around', () => {
    const merge = merge3('a\nb\nc', 'a\nmine\nc', 'a\nyours\nc');
    expect(merge).toEqual({
      ok: false,
      pieces: [
        { kind: 'agreed', lines: ['a'] },
        { kind: 'conflict', base: ['b'], ours: ['mine'], theirs: ['yours'] },
        { kind: 'agreed', lines: ['c'] }
      ]
    });
  });

  it('does not guess the order of two texts put in at one place', () => {
    expect(merge3('a\nb', 'a\nmine\nb', 'a\nyours\nb').ok).toBe(false);
  });

  it.each([
    ['behind', 'a\nb\nc\nq', 'a\nb\nC', 'a\nb\nC\nq'],
    ['before', 'a\nb\nq\nc', 'a\nb\nC', 'a\nb\nq\nC'],
    ['behind more lines than were there', 'a\nb\nc\nq', 'a\nb\nC\nD', 'a\nb\nC\nD\nq'],
    ['where the line is gone', 'a\nb\nq\nc', 'a\nc', 'a\nq\nc'],
    ['as a copy of the line', 'a\nb\nb\nc', 'a\nB\nc', 'a\nB\nb\nc']
  ])('keeps lines put in beside a changed one: %s', (_where, ours, theirs, text) => {
    expect(merge3('a\nb\nc', ours, theirs)).toEqual({ ok: true, text });
    expect(merge3('a\nb\nc', theirs, ours)).toEqual({ ok: true, text });
  });

  it('keeps a line put in between two changed ones only where it is certain which is which', () => {
    const base = 'load(one)\nstore(two)';
    const ours = 'load(one)\nmine\nstore(two)';
    expect(merge3(base, ours, 'load(one, 1)\nstore(two, 2)')).toEqual({
      ok: true,
      text: 'load(one, 1)\nmine\nstore(two, 2)'
    });
    expect(merge3(base, ours, 'other\nwords').ok).toBe(false);
    expect(merge3(base, ours, 'load(one, 1)\nmore\nstore(two, 2)').ok).toBe(false);
  });

  it('does not call a changed line one that was put in', () => {
    expect(merge3('a\nb\nc', 'a\nb!\nq\nc', 'a\nB\nc').ok).toBe(false);
  });

  it('does not call it a conflict where both made the same change', () => {
    expect(merge3('a\nb\nc\nd\ne', 'a\nX\nc\nd\ne!', 'A\nX\nc\nd\ne')).toMatchObject({ ok: false });
    expect(merge3('a\nb\nc\nd\ne', 'a\nX\nc\nd\ne!', 'a\nX\nc\nd\ne')).toEqual({ ok: true, text: 'a\nX\nc\nd\ne!' });
  });

  it('keeps a last line without an end, and an end that one side added', () => {
    expect(merge3('a\nb\nc', 'x\na\nb\nc', 'a\nb\nc\n')).toEqual({ ok: true, text: 'x\na\nb\nc\n' });
    expect(merge3('', 'mine', '').ok && merge3('', '', 'yours').ok).toBe(true);
  });

  it('keeps carriage returns', () => {
    expect(merge3('a\r\nb\r\nc\r\n', 'a!\r\nb\r\nc\r\n', 'a\r\nb\r\nc!\r\n')).toEqual({
      ok: true,
      text: 'a!\r\nb\r\nc!\r\n'
    });
  });

  it('loses nothing where a proposal has other line ends than the cell', () => {
    const merge = merge3('a\r\nb\r\nc', 'a\r\nmine\r\nc', 'a\nB\nc');
    expect(!merge.ok && settled(merge.pieces, conflict => conflict.ours)).toBe('a\r\nmine\r\nc');
  });
});

describe('merge3, whatever the texts', () => {
  it('gives the proposal where nothing was typed, and what was typed where nothing is proposed', () => {
    fc.assert(
      fc.property(text, text, (base, other) => {
        expect(merge3(base, base, other)).toEqual({ ok: true, text: other });
        expect(merge3(base, other, base)).toEqual({ ok: true, text: other });
        expect(merge3(base, other, other)).toEqual({ ok: true, text: other });
      })
    );
  });

  it('gives the same from either side', () => {
    fc.assert(
      fc.property(changed, ([base, one, two]) => {
        const [there, back] = [merge3(base, one, two), merge3(base, two, one)];
        const turned = back.ok
          ? back
          : {
              ...back,
              pieces: back.pieces.map(piece =>
                piece.kind === 'conflict' ? { ...piece, ours: piece.theirs, theirs: piece.ours } : piece
              )
            };
        expect(there).toEqual(turned);
      })
    );
  });

  it('keeps every line that either side put in, once and in its order', () => {
    fc.assert(
      fc.property(changed, ([base, one, two]) => {
        // What is put in is like nothing else, so that it can be followed.
        const [ours, theirs] = [marked(one, '#ours'), marked(two, '#theirs')];
        const merge = merge3(base, ours, theirs);
        const kept = merge.ok ? merge.text : settled(merge.pieces, both => [...both.ours, ...both.theirs]);
        expect(linesWith(kept, '#ours')).toEqual(linesWith(ours, '#ours'));
        expect(linesWith(kept, '#theirs')).toEqual(linesWith(theirs, '#theirs'));
      })
    );
  });
});

/** The text with a mark of its own on every third line. */
function marked(text: string, mark: string): string {
  return text
    .split('\n')
    .map((line, index) => (index % 3 ? line : `${line}${mark}${index}`))
    .join('\n');
}

function linesWith(text: string, mark: string): string[] {
  return text.split('\n').filter(line => line.includes(mark));
}
