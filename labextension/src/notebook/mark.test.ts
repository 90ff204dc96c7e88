import { expect, test } from 'vitest';
import { cellMark, textMark } from './mark';

// The same texts and marks stand in tests/unit/test_wire_page.py.
test.each([
  ['', '00000000-0'],
  ['123456789', 'cbf43926-9'],
  ['x = "ä€😀"\n', '161cc5c7-16']
])('the mark of %j', (text, mark) => {
  expect(textMark(text)).toBe(mark);
});

test('tags are a part of a cell', () => {
  expect(cellMark('x', [])).toBe(textMark('x'));
  expect(cellMark('x', ['a', 'b'])).toBe('e529fd70-5');
});
