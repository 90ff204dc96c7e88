import { expect, test } from 'vitest';
import { type IErrorCell, readError } from './error';

function cell(id: string, executionCount: number | null, ...outputs: object[]): IErrorCell {
  return {
    id,
    type: 'code',
    executionCount,
    outputs: {
      length: outputs.length,
      get: index => ({ type: (outputs[index] as { output_type: string }).output_type, toJSON: () => outputs[index] })
    }
  };
}
const failed = (ename: string): object => ({
  output_type: 'error',
  ename,
  evalue: 'why',
  traceback: ['\u001b[0;31mTraceback\u001b[0m', 'line']
});

test('the cell that failed last tells the error, without its colours', () => {
  const found = readError([
    cell('a', 5, { output_type: 'stream' }, failed('KeyError')),
    cell('b', 2, failed('TypeError')),
    cell('c', 7, { output_type: 'stream' }),
    { id: 'd', type: 'markdown' }
  ]);
  expect(found).toEqual({
    cellId: 'a',
    label: 'KeyError, In [5]',
    report: { name: 'KeyError', message: 'why', traceback: 'Traceback\nline' }
  });
});

test('a notebook without errors has none', () => {
  expect(readError([cell('a', 1), cell('b', null, { output_type: 'stream' })])).toBeNull();
});
