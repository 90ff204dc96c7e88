import { expect, test } from 'vitest';
import { errorOf, type IErrorCell, readError } from './error';

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

test('a figure that is drawn after an error does not hide it', () => {
  expect(readError([cell('a', 1, failed('KeyError'), { output_type: 'display_data' })])?.cellId).toBe('a');
});

test('of a very long traceback both ends are kept: where it began, and where it ended', () => {
  const frames = ['Cell In[1], line 1', 'x'.repeat(100_000), 'KeyError: why'];
  const output = { ...failed('KeyError'), traceback: frames };
  const traceback = errorOf(cell('a', 1, output))?.report.traceback ?? '';
  expect(traceback.length).toBeLessThan(50_000);
  expect(traceback.startsWith('Cell In[1], line 1\n')).toBe(true);
  expect(traceback.endsWith('KeyError: why')).toBe(true);
});
