import { expect, test } from 'vitest';
import { readInstruction, readInstructions } from './instructions';

const DOCUMENT = { label: 'Document', instruction: 'Add docstrings.', kind: 'rewrite' };

test('what the settings hold is read, in its order', () => {
  const tests = { label: ' Add Tests ', instruction: 'Write tests. ', kind: 'generate' };
  expect(readInstructions([DOCUMENT, tests])).toEqual([
    DOCUMENT,
    { label: 'Add Tests', instruction: 'Write tests.', kind: 'generate' }
  ]);
});

test('an entry without a kind changes the cell', () => {
  expect(readInstruction({ label: 'a', instruction: 'b' })?.kind).toBe('rewrite');
  expect(readInstruction({ label: 'a', instruction: 'b', kind: 'other' })?.kind).toBe('rewrite');
});

test.each([null, 'Document', {}, { label: 'a' }, { label: ' ', instruction: 'b' }, { label: 'a', instruction: 3 }])(
  'half an entry is none: %j',
  value => {
    expect(readInstructions([value, DOCUMENT])).toEqual([DOCUMENT]);
  }
);

test('settings that are no list are none', () => {
  expect(readInstructions({ label: 'a', instruction: 'b' })).toEqual([]);
  expect(readInstructions(undefined)).toEqual([]);
});
