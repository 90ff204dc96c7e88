import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BlockCutter, readFenced } from './blocks';

const cut = (text: string): string[] => {
  const cutter = new BlockCutter();
  return [...cutter.feed(text), ...cutter.finish()];
};

test.each([
  ['one\ntwo\n\nthree', ['one\ntwo\n\n', 'three']],
  ['# Head\ntext', ['# Head\n', 'text']],
  ['text\n# Head\n', ['text\n', '# Head\n']],
  ['so:\n```python\na\n\nb\n```\nafter', ['so:\n', '```python\na\n\nb\n```\n', 'after']],
  ['````\n```\n````\nx', ['````\n```\n````\n', 'x']],
  ['- a\n\n- b\n\n  more\nlazy\n\nend', ['- a\n\n- b\n\n  more\nlazy\n\n', 'end']],
  ['- a\n  ```\n  x\n\n  ```\n- b\n', ['- a\n  ```\n  x\n\n  ```\n- b\n']],
  ['text\n- a\n', ['text\n', '- a\n']],
  ['| a | b |\n| - | - |\n| 1 | 2 |\n\nx', ['| a | b |\n| - | - |\n| 1 | 2 |\n\n', 'x']],
  ['$$\na\n\nb\n$$\nx', ['$$\na\n\nb\n$$\n', 'x']],
  ['$$ a $$\nx', ['$$ a $$\nx']],
  ['\n\ntext', ['\n\ntext']]
])('the blocks of %j', (text, blocks) => {
  expect(cut(text)).toEqual(blocks);
});

test('a text that was stopped within its closing fence shows none of it', () => {
  expect(readFenced('```python\nx = 1\n``')).toEqual({ info: 'python', code: 'x = 1\n' });
  expect(readFenced('~~~~\nx = 1\n~')).toEqual({ info: '', code: 'x = 1\n' });
  expect(readFenced('````\n``\nx')?.code).toBe('``\nx');
  expect(readFenced('````\n```\n')?.code).toBe('```\n'); // a line that is whole is code
  expect(readFenced('```\nx ~')?.code).toBe('x ~');
});

test('the open block and its language are known while it arrives', () => {
  const cutter = new BlockCutter();
  expect(cutter.feed('so:\n```py')).toEqual([]);
  expect(cutter.open).toBe('so:\n```py');
  expect(cutter.fenceInfo).toBeNull();
  expect(cutter.feed('thon\na')).toEqual(['so:\n']);
  expect(cutter.fenceInfo).toBe('python');
  expect(cutter.open).toBe('```python\na');
});

test('however it is cut into pieces, the same blocks come out, and together they are the text', () => {
  const piece = fc.constantFrom(
    'a',
    ' ',
    '\n',
    '\n\n',
    '```',
    '```python\n',
    '- ',
    '# ',
    '$$',
    '|',
    '1. ',
    '  ',
    '~~~'
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), pieces => {
      const cutter = new BlockCutter();
      const blocks = [...pieces.flatMap(text => cutter.feed(text)), ...cutter.finish()];
      expect(blocks.join('')).toBe(pieces.join(''));
      expect(blocks).toEqual(cut(pieces.join('')));
    }),
    { numRuns: 2000 }
  );
});

test.each([
  ['```python\na\n```\n', { info: 'python', code: 'a\n' }],
  ['\n\n~~~\na\n', { info: '', code: 'a\n' }],
  ['````md\n```\n````', { info: 'md', code: '```\n' }],
  ['  ```r\n  a\n    b\n  ```\n', { info: 'r', code: 'a\n  b\n' }],
  ['```python', null],
  ['text\n```\n', null],
  ['$$\nx\n$$\n', null]
])('the code of %j', (block, fenced) => {
  expect(readFenced(block)).toEqual(fenced);
});
