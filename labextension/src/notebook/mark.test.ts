import { expect, test } from 'vitest';
import { textMark } from './mark';

// The same texts and marks stand in tests/unit/test_wire_page.py.
test.each([
  ['', '00000000-0'],
  ['123456789', 'cbf43926-9'],
  ['x = "ä€😀"\n', '161cc5c7-16']
])('the mark of %j', (text, mark) => {
  expect(textMark(text)).toBe(mark);
});
