import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diffLines, type IHunk, LineDiff, placesOf } from './linediff';

const line = fc.constantFrom('a = 1', 'b = 2', 'c = f(a)', 'return a', '', ')', 'x');
const text = fc.array(line, { maxLength: 30 });

function applied(old: readonly string[], fresh: readonly string[], hunks: readonly IHunk[]): string[] {
  const out: string[] = [];
  let at = 0;
  for (const hunk of hunks) {
    out.push(...old.slice(at, hunk.oldFrom), ...fresh.slice(hunk.newFrom, hunk.newTo));
    at = hunk.oldTo;
  }
  return [...out, ...old.slice(at)];
}

test('the changes of a whole text lead from the old one to the new one', () => {
  fc.assert(
    fc.property(text, text, (old, fresh) => {
      expect(applied(old, fresh, diffLines(old, fresh))).toEqual(fresh);
    })
  );
});

test('at every moment the changes lead to what has come, and the rest as it was', () => {
  fc.assert(
    fc.property(text, text, (old, fresh) => {
      const diff = new LineDiff(old);
      for (const [index, next] of fresh.entries()) {
        diff.add([next]);
        const hunks = diff.hunks(false);
        const end = hunks[hunks.length - 1];
        const kept = end && end.newTo > index ? old.slice(end.oldTo) : null;
        const got = applied(old, fresh, hunks);
        expect(got.slice(0, index + 1)).toEqual(fresh.slice(0, index + 1));
        if (kept) {
          expect(got.slice(index + 1)).toEqual(kept);
        }
      }
    })
  );
});

test('lines that are put in push nothing out while they arrive', () => {
  const diff = new LineDiff(['def f():', '    return one', '    # end']);
  diff.add(['def f():', '    log("called")']);
  expect(diff.hunks(false)).toEqual([{ oldFrom: 1, oldTo: 1, newFrom: 1, newTo: 2 }]);
});

test('a line that is like an old one stands for it at once', () => {
  const diff = new LineDiff(['def f():', '    return total', '    # end']);
  diff.add(['def f():', '    return total / count']);
  expect(diff.hunks(false)).toEqual([{ oldFrom: 1, oldTo: 2, newFrom: 1, newTo: 2 }]);
  expect(diff.hunks(true)).toEqual([{ oldFrom: 1, oldTo: 3, newFrom: 1, newTo: 2 }]);
});

test('an empty line between two changes does not part them', () => {
  const old = ['start', 'one', '', 'two', 'end'];
  const fresh = ['start', 'three', '', 'four', 'end'];
  expect(diffLines(old, fresh)).toEqual([{ oldFrom: 1, oldTo: 4, newFrom: 1, newTo: 4 }]);
});

test('a long change is cut where lines are alike, and the pieces lead to the same text', () => {
  const some = fc.constantFrom('a = f(b)', 'a = f(b, c)', 'x = 1', 'y = a + b', 'z()', 'a = g(b)', '# only here');
  const long = fc.array(some, { minLength: 10, maxLength: 60 });
  fc.assert(
    fc.property(long, long, (old, fresh) => {
      const diff = new LineDiff(old);
      diff.add(fresh);
      expect(applied(old, fresh, diff.hunks(true))).toEqual(fresh);
    })
  );
  const old = Array.from({ length: 100 }, (_, index) => `value_${index} = ${index}`);
  const diff = new LineDiff(old);
  const seen: IHunk[][] = [];
  for (const line of old) {
    diff.add([`${line} * 2`]);
    seen.push(diff.hunks(false));
  }
  const whole = diff.hunks(true);
  expect(Math.max(...whole.map(hunk => hunk.oldTo - hunk.oldFrom))).toBeLessThanOrEqual(12);
  // What stands stays where it is while more comes.
  seen.slice(13).forEach(hunks => expect(whole.slice(0, hunks.length - 1)).toEqual(hunks.slice(0, -1)));
});

test('lines with nothing in common are one change', () => {
  const old = Array.from({ length: 40 }, (_, index) => `value_${index} = ${index}`);
  const diff = new LineDiff(old);
  diff.add(old.map((_, index) => `print("line ${'x'.repeat(index)}")`));
  expect(diff.hunks(true)).toEqual([{ oldFrom: 0, oldTo: 40, newFrom: 0, newTo: 40 }]);
});

test('each line is found where it stands now', () => {
  fc.assert(
    fc.property(text, text, (one, other) => {
      const places = placesOf(one, other);
      expect(places).toHaveLength(one.length + 1);
      expect(places[one.length]).toBe(other.length);
      expect([...places].sort((a, b) => a - b)).toEqual(places);
    })
  );
});
