import type { ISessionContext } from '@jupyterlab/apputils';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { KernelVariables } from './variables';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const NO_SIGNAL = { connect: () => true, disconnect: () => true };

/** A kernel that answers when the test says so: with the variables of that moment. */
function slowKernel(): { session: ISessionContext; answer: (name: string) => void; count: () => number } {
  const asked: ((reply: unknown) => void)[] = [];
  const kernel = {
    id: 'k',
    status: 'idle',
    info: Promise.resolve({ language_info: { name: 'python' } }),
    supportsSubshells: false,
    sendShellMessage: () => ({ done: new Promise(resolve => asked.push(resolve)) })
  };
  const session = { session: { kernel }, kernelChanged: NO_SIGNAL, statusChanged: NO_SIGNAL };
  const answer = (name: string): void => {
    const told = JSON.stringify({ variables: [[name, 'int', '1']] });
    const hex = [...told].map(letter => letter.charCodeAt(0).toString(16)).join('');
    const spark = { data: { 'text/plain': `'${hex}'` } };
    asked.shift()?.({ content: { status: 'ok', user_expressions: { spark } } });
  };
  return { session: session as unknown as ISessionContext, answer, count: () => asked.length };
}

test('what is wanted while the kernel answers is asked for again: a cell may have run since', async () => {
  const { session, answer, count } = slowKernel();
  const variables = new KernelVariables(session, () => Promise.resolve('source'), vi.fn());
  variables.refresh();
  await vi.advanceTimersByTimeAsync(200);
  expect(count()).toBe(1);
  variables.refresh();
  await vi.advanceTimersByTimeAsync(200);
  answer('before');
  await vi.advanceTimersByTimeAsync(0);
  expect(variables.rows.map(row => row.name)).toEqual(['before']);
  await vi.advanceTimersByTimeAsync(200);
  expect(count()).toBe(1);
  answer('after');
  await vi.advanceTimersByTimeAsync(0);
  expect(variables.rows.map(row => row.name)).toEqual(['after']);
  await vi.advanceTimersByTimeAsync(5000);
  expect(count()).toBe(0);
  expect(variables.isOld).toBe(false);
});
