import { expect, test } from 'vitest';
import { contextOf, currentPieces, type IChoice, type IFacts, NO_CHOICE, NO_FACTS, piece } from './pieces';

const facts: IFacts = {
  cell: { id: 'b', label: 'In [2]', source: 'total = sum(orders)' },
  selection: 'sum(orders)',
  error: {
    report: { name: 'KeyError', message: "'qty'", traceback: 'Traceback…' },
    cellId: 'c',
    label: 'KeyError, In [3]'
  },
  variables: [
    { name: 'orders', type: 'list', summary: 'of length 3' },
    { name: 'rates', type: 'dict', summary: '' }
  ],
  variablesAt: 10_000,
  variablesAreOld: false,
  otherChars: 350,
  otherCells: 4
};
const kinds = (choice: IChoice, of = facts): string[] => currentPieces(of, choice).map(one => one.kind);
const without = (...kindsOf: string[]): IChoice => ({
  removed: new Set(
    currentPieces(facts, NO_CHOICE)
      .filter(one => kindsOf.includes(one.kind))
      .map(one => one.key)
  ),
  added: []
});

test('what is sent by itself, with its price', () => {
  expect(kinds(NO_CHOICE)).toEqual(['cell', 'selection', 'error', 'variables', 'notebook']);
  expect(kinds(NO_CHOICE, NO_FACTS)).toEqual([]);
  const prices = Object.fromEntries(currentPieces(facts, NO_CHOICE).map(one => [one.kind, one.tokens]));
  expect(prices).toMatchObject({ cell: 6, notebook: 100, variables: 7 });
});

test('a selection of the whole cell is no second piece, nor is one of spaces', () => {
  for (const selection of [facts.cell?.source ?? '', '  \n']) {
    expect(kinds(NO_CHOICE, { ...facts, selection })).not.toContain('selection');
  }
});

test('what was taken away is not sent; another selection is there again', () => {
  const choice = without('selection', 'notebook', 'cell');
  expect(kinds(choice)).toEqual(['error', 'variables']);
  expect(kinds(choice, { ...facts, selection: 'orders' })).toContain('selection');
  const request = contextOf(facts, choice, '', 12_500);
  expect(request).toMatchObject({
    cell_id: null,
    selection: '',
    error_cell_id: 'c',
    without: ['notebook'],
    variables_age_s: 2.5
  });
});

test('all variables go to the server even where none is sent on: it knows names by them', () => {
  const request = contextOf(facts, without('variables'), '');
  expect(request.without).toEqual(['variables']);
  expect(request.variables).toHaveLength(2);
});

test('variables cost what the cell and the words name', () => {
  const price = (words: string): number =>
    currentPieces(facts, NO_CHOICE, words).find(one => one.kind === 'variables')?.tokens ?? 0;
  expect(price('and rates?')).toBeGreaterThan(price('and?'));
});

test('what was added is asked for by its kind, each once', () => {
  const added = [
    piece('cell', 'x', 'In[7]', 10),
    piece('cell', 'b', 'In[2]', 10),
    piece('variable', 'rates', 'rates', 10),
    piece('file', 'data/notes.md', 'notes.md', 70)
  ];
  const choice = { removed: new Set<string>(), added };
  expect(kinds(choice).slice(5)).toEqual(['cell', 'variable', 'file']); // the active cell is there already
  expect(contextOf(facts, choice, '')).toMatchObject({
    cell_id: 'b',
    cells: ['x', 'b'],
    chosen_variables: ['rates'],
    files: ['data/notes.md']
  });
});
