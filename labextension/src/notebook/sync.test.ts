import { expect, test, vi } from 'vitest';
import type { PageFrame } from '../_wire';
import { type IWatchedNotebook, NotebookSync } from './sync';

function notebookOf(metadata: Record<string, unknown>): {
  notebook: IWatchedNotebook;
  change: (change: object) => void;
} {
  let slot: (sender: never, change: never) => void = () => undefined;
  const changed = { connect: (one: typeof slot) => !!(slot = one), disconnect: vi.fn() };
  const notebook = { cells: [], getMetadata: (key: string) => metadata[key], changed } as unknown as IWatchedNotebook;
  return { notebook, change: change => slot(undefined as never, change as never) };
}

test('the server is told the language, and told again with another kernel', () => {
  const metadata: Record<string, unknown> = { kernelspec: { name: 'ir', language: 'R' } };
  const { notebook, change } = notebookOf(metadata);
  const sent: PageFrame[] = [];
  const sync = new NotebookSync(
    notebook,
    () => 'a.ipynb',
    frame => sent.push(frame) > 0
  );
  sync.list();
  expect(sent).toEqual([{ type: 'cells_listed', notebook: 'a.ipynb', language: 'R', cells: [] }]);
  change({ metadataChange: new Map() });
  expect(sent).toHaveLength(1);
  metadata.language_info = { name: 'julia' };
  change({ metadataChange: new Map() });
  expect(sent[1]).toMatchObject({ type: 'cells_listed', language: 'julia' });
});

test('a notebook that does not say its language is taken for Python', () => {
  const sent: PageFrame[] = [];
  new NotebookSync(
    notebookOf({}).notebook,
    () => 'a.ipynb',
    frame => sent.push(frame) > 0
  ).list();
  expect(sent[0]).toMatchObject({ language: 'python' });
});

test('the server is told which cells are locked', () => {
  const changed = { connect: () => true, disconnect: vi.fn() };
  const cellOf = (id: string, metadata: Record<string, unknown>): object => ({
    id,
    cell_type: 'code',
    getSource: () => '',
    getMetadata: (key: string) => metadata[key],
    changed
  });
  const cells = [cellOf('open', {}), cellOf('locked', { editable: false }), cellOf('kept', { deletable: false })];
  const notebook = { cells, getMetadata: () => undefined, changed } as unknown as IWatchedNotebook;
  const sent: PageFrame[] = [];
  new NotebookSync(
    notebook,
    () => 'a.ipynb',
    frame => sent.push(frame) > 0
  ).pushAll();
  expect(sent[0]).toMatchObject({
    cells: [
      { cell_id: 'open', editable: true, deletable: true },
      { cell_id: 'locked', editable: false, deletable: true },
      { cell_id: 'kept', editable: true, deletable: false }
    ]
  });
});
