import { expect, test, vi } from 'vitest';
import type { CellEdit } from '../_wire';
import { applyEdit, type IEditableCell, type IEditableNotebook, showCell, takeBack } from './cells';

function notebook(...sources: string[]): IEditableNotebook & { log: string[] } {
  const log: string[] = [];
  const make = (id: string, source: string): IEditableCell => {
    let text = source;
    return {
      id,
      cell_type: 'code',
      getSource: () => text,
      updateSource: (start, end, value = '') => {
        log.push(`${text.slice(start, end)} -> ${value}`);
        text = text.slice(0, start) + value + text.slice(end);
      },
      transact: change => {
        log.push('begin');
        change();
        log.push('end');
      },
      undoManager: { stopCapturing: vi.fn(() => log.push('stop')) }
    };
  };
  const cells = sources.map((source, index) => make(`c${index}`, source));
  return {
    cells,
    active: 0,
    language: 'python',
    insert: (index, source) => {
      log.push(`insert ${index}`);
      cells.splice(index, 0, make('new', source));
      return 'new';
    },
    activate: index => log.push(`show ${index}`),
    remove: cellId => log.push(`remove ${cellId}`),
    log
  };
}

const edit = (changes: Partial<CellEdit> = {}): CellEdit => ({
  cell_id: 'c0',
  operation: 'replace',
  old_source: 'old',
  new_source: 'new',
  base_hash: '',
  ...changes
});

test('an edit is one undo step of its cell, and can be taken back', () => {
  const open = notebook('old', 'other');
  expect(applyEdit(open, edit())).toEqual(['done', 'c0']);
  expect(open.log).toEqual(['stop', 'begin', 'old -> new', 'end', 'stop']);
  expect(takeBack(open, edit(), 'c0')).toBe('done');
  expect(open.cells[0]?.getSource()).toBe('old');
});

test('only what differs is written, so that a caret beside it stays', () => {
  const open = notebook('a = 1\nb = 2\nc = 3');
  applyEdit(open, edit({ old_source: 'a = 1\nb = 2\nc = 3', new_source: 'a = 1\nb = 5\nc = 3' }));
  expect(open.log).toContain('2 -> 5');
});

test('a cell that has changed meanwhile is left alone', () => {
  const open = notebook('typed');
  expect(applyEdit(open, edit())[0]).toBe('changed');
  expect(takeBack(open, edit(), 'c0')).toBe('changed');
  expect(open.cells[0]?.getSource()).toBe('typed');
  expect(open.log).toEqual([]);
});

test('a cell or a notebook that is gone is said to be', () => {
  expect(applyEdit(null, edit())[0]).toBe('gone');
  expect(applyEdit(notebook('x'), edit({ cell_id: 'away' }))[0]).toBe('gone');
  expect(showCell(notebook('x'), 'away')).toBe(false);
});

test('new code goes into a cell below, which is taken back only as it was made', () => {
  const open = notebook('a', 'b');
  const made = edit({ operation: 'insert_below', old_source: '' });
  expect(applyEdit(open, made)).toEqual(['done', 'new']);
  expect(open.cells.map(cell => cell.id)).toEqual(['c0', 'new', 'c1']);
  expect(takeBack(open, { ...made, new_source: 'else' }, 'new')).toBe('changed');
  expect(takeBack(open, made, 'new')).toBe('done');
  expect(open.log).toEqual(['insert 1', 'remove new']);
});

test('who wrote an edit is noted where the user wants that, and gone with the edit', () => {
  const writer = { model: 'm', tier: 'spark', turn: 't' };
  for (const notesWriters of [true, false]) {
    const open = { ...notebook('old'), notesWriters };
    const kept: Record<string, unknown> = {};
    Object.assign(open.cells[0] as object, {
      getMetadata: (key: string) => kept[key],
      setMetadata: (key: string, value: unknown) => (kept[key] = value),
      deleteMetadata: (key: string) => delete kept[key]
    });
    applyEdit(open, edit(), writer);
    expect(kept).toEqual(notesWriters ? { jupyter_spark: { ...writer, time: expect.any(String) as string } } : {});
    expect(takeBack(open, edit(), 'c0', 't')).toBe('done');
    expect(kept).toEqual({});
  }
});
