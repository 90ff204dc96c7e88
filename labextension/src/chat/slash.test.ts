import { expect, test } from 'vitest';
import { type IFacts, NO_FACTS } from '../context/pieces';
import { askingOf } from './saying';
import { asTyped, readSaid } from './slash';
import { Turn } from './turn';

test.each([
  ['why?', null, 'why?', null, null],
  ['/explain', 'explain', '', null, null],
  ['  /fix the sum\nplease ', 'fix', 'the sum\nplease', null, null],
  ['/deep why?', null, 'why?', 'deep', null],
  ['/deep /edit use a loop', 'edit', 'use a loop', 'deep', null],
  ['/edit /fix', 'edit', '/fix', null, null],
  ['/nonsense x', null, '/nonsense x', null, 'nonsense'],
  ['/usr/bin is what?', null, '/usr/bin is what?', null, null]
])('%j', (text, command, words, tier, unknown) => {
  expect(readSaid(text)).toEqual({ command, words, tier, unknown });
});

const code: IFacts = { ...NO_FACTS, cell: { id: 'a', label: 'In [1]', source: 'x = 1' } };
const broken: IFacts = { ...code, error: { report: { name: 'E', message: 'm' }, cellId: 'z', label: 'E' } };
const asking = (text: string, facts: IFacts): unknown => askingOf(readSaid(text), facts);

test('what each command asks of which cell', () => {
  expect(asking('/explain', code)).toMatchObject({ kind: 'explain', cellId: 'a' });
  expect(asking('/fix', broken)).toMatchObject({ kind: 'fix', cellId: 'z' });
  expect(asking('/edit use y', code)).toMatchObject({ kind: 'rewrite', cellId: 'a' });
  expect(asking('/edit plot it', { ...code, cell: { id: 'a', label: '', source: ' ' } })).toMatchObject({
    kind: 'generate'
  });
  expect(asking('why?', NO_FACTS)).toEqual({ kind: 'ask', instruction: 'why?' });
});

test('what cannot be asked is said in one line', () => {
  expect(asking('/explain', NO_FACTS)).toBe('There is no code to work on. Click into a cell that has some.');
  expect(asking('/edit', code)).toBe('There are no words to go by.');
});

test('a turn is written again as it was typed', () => {
  expect(asTyped(new Turn('t', 'rewrite', 'use y', 'spark'))).toBe('/edit use y');
  expect(asTyped(new Turn('t', 'ask', 'why?', 'spark'))).toBe('why?');
});
