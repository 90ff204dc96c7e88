import { expect, test } from 'vitest';
import { failureOf, type IFailedCell, isSame, isWorthPrefetching } from './failure';

function cell(source: string, ename = 'NameError', metadata: Record<string, unknown> = {}): IFailedCell {
  const output = { output_type: 'error', ename, evalue: 'why', traceback: [] };
  return {
    id: 'a',
    type: 'code',
    outputs: { length: ename ? 1 : 0, get: () => ({ type: 'error', toJSON: () => output }) },
    sharedModel: { getSource: () => source },
    getMetadata: key => metadata[key]
  };
}

const worth = (of: IFailedCell): boolean => {
  const failure = failureOf(of);
  return failure !== null && isWorthPrefetching(failure, of);
};

test('a cell that failed', () => {
  expect(failureOf(cell('x'))).toEqual({
    cellId: 'a',
    source: 'x',
    report: { name: 'NameError', message: 'why', traceback: '' }
  });
  expect(worth(cell('x'))).toBe(true);
});

test.each([
  ['nothing failed', cell('x', '')],
  ['there is no code', cell('  \n')],
  ['it is locked', cell('x', 'NameError', { editable: false })],
  ['it is a request to us', cell('%%spark make it faster\nx')],
  ['so it is', cell('%spark fix')]
])('nothing is to be mended: %s', (_, of) => {
  expect(failureOf(of)).toBeNull();
});

test.each([
  ['stopped by the user', cell('x', 'KeyboardInterrupt')],
  ['kept out by a tag', cell('x', 'NameError', { tags: ['spark-ignore'] })],
  ['kept out by a comment', cell('# spark-ignore\nx')]
])('there is a button, and nothing is asked unasked: %s', (_, of) => {
  expect(failureOf(of)).not.toBeNull();
  expect(worth(of)).toBe(false);
});

test('a failure is the same as long as text and error are', () => {
  const one = failureOf(cell('x'));
  expect(one && isSame(one, failureOf(cell('x')))).toBe(true);
  expect(one && isSame(one, failureOf(cell('y')))).toBe(false);
  expect(one && isSame(one, failureOf(cell('x', 'KeyError')))).toBe(false);
  expect(one && isSame(one, null)).toBe(false);
});
