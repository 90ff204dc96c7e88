import { expect, test } from 'vitest';
import { fateOf, type IUnderway, Underway } from './underway';

const EDIT: IUnderway = {
  ...{ turnId: 't', cellId: 'c', kind: 'rewrite', instruction: 'ten', base: 'a = 1\nb = 2\nc = 3', scope: null },
  extras: {}
};
const DONE = { ended: true, state: 'done', proposal: { edit: { new_source: 'a = 10\nb = 2\nc = 3' } } };
const RUNNING = { ended: false, state: 'waiting', proposal: null };

class Memory {
  readonly kept = new Map<string, string>();
  getItem(key: string): string | null {
    return this.kept.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.kept.set(key, value);
  }
}

test('what is not judged is known after a reload, what is judged is not', () => {
  const memory = new Memory();
  const page = new Underway(memory);
  page.put(EDIT);
  page.put({ ...EDIT, turnId: 'u' });
  page.put({ ...EDIT, turnId: 'u', instruction: 'twenty' });
  page.drop('t');
  expect(page.before).toEqual([]);
  const after = new Underway(memory);
  expect(after.before).toEqual([{ ...EDIT, turnId: 'u', instruction: 'twenty' }]);
  after.put(EDIT);
  after.drop('u');
  expect(after.before).toEqual([]);
  expect(new Underway(memory).before).toEqual([EDIT]);
});

test('what cannot be read or written is nothing', () => {
  const memory = new Memory();
  memory.setItem('jupyter-spark:in-cells', '{');
  const page = new Underway(memory);
  expect(page.before).toEqual([]);
  memory.setItem = () => {
    throw new Error('full');
  };
  page.put(EDIT);
  expect(page.before).toEqual([]);
});

test('an edit waits until its turn is known, and is dropped if there is none', () => {
  expect(fateOf(EDIT, null, 'open', EDIT.base, false)).toBe('wait');
  expect(fateOf(EDIT, null, 'open', EDIT.base, true)).toBe('drop');
});

test('one that is still written stands in the cell that it is made from, and in no other text', () => {
  expect(fateOf(EDIT, RUNNING, 'open', EDIT.base, true)).toBe('show');
  expect(fateOf(EDIT, RUNNING, 'open', 'a = 1', true)).toBe('elsewhere');
});

test('one that is whole may be merged with what else was changed', () => {
  expect(fateOf(EDIT, DONE, 'open', EDIT.base, true)).toBe('show');
  expect(fateOf(EDIT, DONE, 'open', 'a = 1\nb = 2\nc = 30', true)).toBe('show');
  expect(fateOf(EDIT, DONE, 'open', 'a = 5\nb = 2\nc = 3', true)).toBe('elsewhere');
});

test('nothing comes back of what was judged, stopped or has failed', () => {
  expect(fateOf(EDIT, DONE, 'accepted', EDIT.base, true)).toBe('drop');
  expect(fateOf(EDIT, { ...DONE, state: 'stopped', proposal: null }, 'open', EDIT.base, true)).toBe('drop');
  expect(fateOf(EDIT, { ...DONE, state: 'failed' }, 'open', EDIT.base, true)).toBe('drop');
  expect(fateOf(EDIT, { ...DONE, state: 'interrupted', proposal: null }, 'open', EDIT.base, true)).toBe('show');
});
