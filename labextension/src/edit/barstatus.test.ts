import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';
import type { CheckResult } from '../_wire';
import { statusOf } from './barstatus';
import { Suggestion } from './suggestion';

const trans = nullTranslator.load('jupyter_spark');

function check(name: CheckResult['name'], message = '', ok = true): CheckResult {
  return { name, ok, message, line: null };
}

function said(checks: readonly CheckResult[], made: 'code' | 'markdown' = 'code', now = made as string): string {
  const suggestion = new Suggestion('old');
  suggestion.cellKind = made;
  suggestion.ready('new', checks);
  return statusOf(suggestion, '', trans, now)[0];
}

test('what was checked is named, whatever the kind of cell', () => {
  const code = [check('closed_fence'), check('parses'), check('names_known'), check('keeps_definitions')];
  expect(said(code)).toBe('✓ parses · names known · keeps definitions');
  const text = [check('closed_fence'), check('keeps_size'), check('changed')];
  expect(said(text, 'markdown')).toBe('✓ whole · keeps its size');
});

test('what was not checked is not called checked', () => {
  expect(said([check('parses', 'not checked (bash)'), check('keeps_size')])).toBe('not checked (bash)');
  expect(said([check('parses'), check('names_known', 'names not checked: a star import hides them')])).toBe(
    '✓ parses · names not checked: a star import hides them'
  );
  expect(said([check('parses')], 'code', 'markdown')).toBe('not checked: the cell is of another kind now');
});

test('a proposal that the user has changed says what is known of it', () => {
  const suggestion = new Suggestion('old');
  suggestion.ready('new', [check('parses'), check('names_known')]);
  suggestion.revise('newer');
  const status = (): string => statusOf(suggestion, '', trans, 'code')[0];
  expect(status()).toBe('changed by you: the checks were not run');
  suggestion.found([check('parses')]);
  expect(status()).toBe('changed by you · ✓ parses');
  suggestion.found([check('parses', 'SyntaxError: invalid syntax', false)]);
  expect(status()).toBe('changed by you · ✗ SyntaxError: invalid syntax');
});
