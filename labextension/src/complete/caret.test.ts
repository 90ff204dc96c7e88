import { expect, test } from 'vitest';
import { type ICaret, type ISurroundings, isWorthAsking } from './caret';

const caret = (before: string, after = ''): ICaret => ({ notebook: 'n', cellId: 'c', before, after });
const here: ISurroundings = {
  isCode: true,
  isReadOnly: false,
  hasSelection: false,
  hasPopup: false,
  tags: [],
  hasOtherCells: false
};

test('typing asks only where the user wants that', () => {
  const place = caret('x = ');
  expect(isWorthAsking(place, here, 'automatic', true)).toBe(true);
  expect(isWorthAsking(place, here, 'invoked', true)).toBe(false);
  expect(isWorthAsking(place, here, 'invoked', false)).toBe(true);
  expect(isWorthAsking(place, here, 'off', false)).toBe(false);
});

test.each<Partial<ISurroundings>>([
  { isCode: false },
  { isReadOnly: true },
  { hasSelection: true },
  { tags: ['spark-ignore'] }
])('nothing is asked where %o', odd =>
  expect(isWorthAsking(caret('x = '), { ...here, ...odd }, 'invoked', false)).toBe(false)
);

test.each<[string, ICaret, Partial<ISurroundings>, boolean, boolean]>([
  ['an empty notebook', caret(' \n', ' '), {}, false, false],
  ['an empty cell of one that is not', caret(' \n'), { hasOtherCells: true }, false, true],
  ['a cell that is kept out by its first line', caret('# spark-ignore\nx = '), {}, false, false],
  ['in a word', caret('to', 'tal'), {}, false, false],
  ['in a word with an accent', caret('é', 'é'), {}, false, false],
  ['at the end of a word', caret('tot'), {}, true, true],
  ['at the end of a word with the kernel’s list open', caret('tot'), { hasPopup: true }, true, false],
  ['after a word with that list open', caret('tot '), { hasPopup: true }, true, true],
  ['before a bracket that closes', caret('sum(', ')\nprint(x)'), {}, true, true],
  ['unasked in the middle of a line', caret('sum(', ' + x)'), {}, true, false],
  ['asked for in the middle of a line', caret('sum(', ' + x)'), {}, false, true]
])('%s', (_what, place, odd, typed, asks) => {
  expect(isWorthAsking(place, { ...here, ...odd }, 'automatic', typed)).toBe(asks);
});
