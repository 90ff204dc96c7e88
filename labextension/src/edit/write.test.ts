import { YNotebook } from '@jupyter/ydoc';
import type { YCodeCell } from '@jupyter/ydoc';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { writeText } from './write';

function notebookOf(source: string, documentWide = false): YNotebook {
  const cells = [{ cell_type: 'code', id: 'one', source, metadata: {}, outputs: [], execution_count: null }];
  return YNotebook.create({
    disableDocumentWideUndoRedo: !documentWide,
    data: { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }
  });
}

function cellOf(notebook: YNotebook): YCodeCell {
  return notebook.cells[0] as YCodeCell;
}

describe.each([
  ['a cell', false],
  ['the whole notebook', true]
])('writeText, where undo is of %s', (_name, documentWide) => {
  it('is one step, apart from the typing before and after', () => {
    const cell = cellOf(notebookOf('a\nb\nc', documentWide));
    cell.updateSource(0, 0, 'typed');
    writeText(cell, 'typedA\nb\nC\nd');
    cell.updateSource(0, 0, 'later ');
    expect(cell.getSource()).toBe('later typedA\nb\nC\nd');
    cell.undo();
    expect(cell.getSource()).toBe('typedA\nb\nC\nd');
    cell.undo();
    expect(cell.getSource()).toBe('typeda\nb\nc');
    cell.redo();
    expect(cell.getSource()).toBe('typedA\nb\nC\nd');
  });

  it('is one change to those who watch, and none where there is nothing to change', () => {
    const cell = cellOf(notebookOf('a\nb\nc', documentWide));
    let count = 0;
    cell.changed.connect(() => {
      count++;
    });
    writeText(cell, 'A\nb\nC');
    writeText(cell, 'A\nb\nC');
    expect(count).toBe(1);
    expect(cell.undoManager?.undoStack.length).toBe(documentWide ? 2 : 1);
  });
});

describe('writeText, beside others', () => {
  it('leaves the caret of somebody else on its character', () => {
    const cell = cellOf(notebookOf('first = 1\nsecond = f(one, two)\nlast'));
    const caretAt = (text: string): Y.RelativePosition =>
      Y.createRelativePositionFromTypeIndex(cell.ysource, cell.getSource().indexOf(text));
    const [inLine, below] = [caretAt('two'), caretAt('last')];
    writeText(cell, 'import x\nfirst = 1\nsecond = g(one, two)\nlast');
    const indexOf = (at: Y.RelativePosition): number | undefined =>
      Y.createAbsolutePositionFromRelativePosition(at, cell.ymodel.doc as Y.Doc)?.index;
    expect(indexOf(inLine)).toBe(cell.getSource().indexOf('two'));
    expect(indexOf(below)).toBe(cell.getSource().indexOf('last'));
  });

  it('keeps what somebody else types in the same moment', () => {
    const here = notebookOf('a = 1\nb = 2\nc = 3');
    const there = new YNotebook({ disableDocumentWideUndoRedo: true });
    Y.applyUpdate(there.ydoc, Y.encodeStateAsUpdate(here.ydoc));
    const other = cellOf(there);
    // Not where a change ends: of two texts put in at one place, the order is left to Yjs.
    other.updateSource(11, 11, ' # theirs');
    other.updateSource(0, 0, '# above\n');
    writeText(cellOf(here), 'a = 10\nb = 2\nc = 30');
    Y.applyUpdate(there.ydoc, Y.encodeStateAsUpdate(here.ydoc));
    Y.applyUpdate(here.ydoc, Y.encodeStateAsUpdate(there.ydoc));
    expect(cellOf(here).getSource()).toBe('# above\na = 10\nb = 2 # theirs\nc = 30');
    expect(other.getSource()).toBe(cellOf(here).getSource());
    cellOf(here).undo();
    expect(cellOf(here).getSource()).toBe('# above\na = 1\nb = 2 # theirs\nc = 3');
  });
});
