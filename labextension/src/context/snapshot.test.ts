// Node's own modules have no types in a project for the browser.
/* eslint-disable @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-member-access */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readAnswer, tellCode } from './snapshot';

const source = readFileSync('../jupyter_spark/kernel/variables.py', 'utf-8');

/** What a kernel's `user_expressions` do: evaluate in the user's namespace, and answer with the `repr`. */
function evaluated(setup: string, expression: string, times = 1): { names: string[]; answer: unknown } {
  const program = [
    'import json, sys',
    'space = {"__builtins__": __builtins__}',
    'setup, expression = json.loads(sys.stdin.read())',
    'exec(setup, space)',
    'before = set(space)',
    `for _ in range(${times}): text = repr(eval(expression, space))`,
    'print(json.dumps({"names": sorted(set(space) - before), "text": text}))'
  ].join('\n');
  const out = execFileSync('python3', ['-c', program], { input: JSON.stringify([setup, expression]) }).toString();
  const { names, text } = JSON.parse(out) as { names: string[]; text: string };
  return { names, answer: { status: 'ok', data: { 'text/plain': text } } };
}

test('a Python without the package tells its variables, and its namespace is left as it was', () => {
  const setup = 'orders = [1, 2]\nä = "€😀 \'quoted\' \\\\"\n_hidden = 1';
  const { names, answer } = evaluated(setup, tellCode(source, '_spark_test', ['ä']), 2);
  expect(names).toEqual([]);
  const told = readAnswer(answer) ?? [];
  expect(told.map(variable => [variable.name, variable.type])).toEqual([
    ['ä', 'str'],
    ['orders', 'list']
  ]);
  expect(told[1]?.summary).toContain('of length 2');
});

test.each([null, undefined, {}, { data: {} }, { data: { 'text/plain': "'zz'" } }, { status: 'error', ename: 'X' }])(
  'an answer that is none: %j',
  answer => {
    expect(readAnswer(answer)).toBeNull();
  }
);
