import { expect, test } from 'vitest';
import { Conversation } from '../chat/conversation';
import { Turn, type TurnKind } from '../chat/turn';
import { freeName, splitCode, toMarkdown, toNotebook } from './export';

const TEXT = 'So:\n\n```python\na = 1\n\nb = 2\n```\n\nand\n\n```sh\nls\n```\n\n````py\n```\n````\nend';

function conversation(...turns: [TurnKind, string, string][]): Conversation {
  const made = new Conversation('data/orders.ipynb');
  made.turns = turns.map(([kind, instruction, text]) => {
    const turn = new Turn('t', kind, instruction, 'spark');
    turn.text = text;
    turn.state = 'done';
    return turn;
  });
  return made;
}

test('Python becomes code, everything else stays words', () => {
  expect(splitCode(TEXT)).toEqual([
    { isCode: false, text: 'So:\n\n' },
    { isCode: true, text: 'a = 1\n\nb = 2' },
    { isCode: false, text: '\n\nand\n\n```sh\nls\n```\n\n' },
    { isCode: true, text: '```' },
    { isCode: false, text: '\nend' }
  ]);
  expect(splitCode('```python\nnever closed')).toEqual([{ isCode: false, text: '```python\nnever closed' }]);
});

test('a notebook of what was said', () => {
  const made = toNotebook(conversation(['ask', 'why?\nreally', TEXT]), { kernelspec: { name: 'python3' } });
  const { cells, nbformat, metadata } = made as {
    cells: { cell_type: string; source: string; id: string }[];
    nbformat: number;
    metadata: unknown;
  };
  expect(nbformat).toBe(4);
  expect(metadata).toEqual({ kernelspec: { name: 'python3' } });
  expect(cells.map(cell => cell.cell_type).join(' ')).toBe('markdown markdown markdown code markdown code markdown');
  expect(cells[1]?.source).toBe('## why?\nreally');
  expect(new Set(cells.map(cell => cell.id)).size).toBe(cells.length);
});

test('Markdown of what was said, with how a turn ended', () => {
  const made = conversation(['ask', 'why?\nreally', 'Because.'], ['explain', '', 'half']);
  const last = made.turns[1];
  if (last) {
    last.state = 'interrupted';
  }
  expect(toMarkdown(made)).toBe(
    '# why?\n\n*data/orders.ipynb*\n\n## why?\n\nreally\n\nBecause.\n\n## explain\n\nhalf\n\n*Interrupted.*\n'
  );
});

test('a name that is not taken', () => {
  expect(freeName(new Set(), 'a', 'md')).toBe('a.md');
  expect(freeName(new Set(['a.md', 'a-1.md']), 'a', 'md')).toBe('a-2.md');
});
