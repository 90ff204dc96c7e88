import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';
import { Suggestion } from './suggestion';
import { whyWords } from './why';

const trans = nullTranslator.load('jupyter_spark');

function proposed(base: string, text: string): Suggestion {
  const suggestion = new Suggestion(base);
  suggestion.ready(text);
  return suggestion;
}

test('the question shows the change, line by line, with its place', () => {
  const words = whyWords(proposed('a = 1\nb = 2\nc = 3', 'a = 1\nb = 4\nc = 3\nd = 5'), trans);
  expect(words.split('\n').slice(2)).toEqual([
    '```diff',
    '@@ line 2 @@',
    '-b = 2',
    '+b = 4',
    '@@ line 4 @@',
    '+d = 5',
    '```'
  ]);
});

test('it shows what the user made of it, not what the answer was', () => {
  const suggestion = proposed('a = 1', 'a = 2');
  suggestion.revise('a = 3');
  const words = whyWords(suggestion, trans);
  expect(words).toContain('+a = 3');
  expect(words).not.toContain('a = 2');
});

test('a fence in the change does not end the fence around it', () => {
  const words = whyWords(proposed('text', '````md\n```python\n```\n````'), trans);
  expect(words).toContain('\n`````diff\n');
  expect(words.endsWith('\n`````')).toBe(true);
});

test('of a long change the beginning is shown', () => {
  const lines = Array.from({ length: 100 }, (_, index) => `value_${index} = ${index}`);
  const shown = whyWords(proposed('', lines.join('\n')), trans).split('\n');
  expect(shown.slice(-2)).toEqual(['...', '```']);
  expect(shown).toContain('+value_50 = 50');
  expect(shown).not.toContain('+value_70 = 70');
});
