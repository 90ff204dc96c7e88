import { expect, test } from 'vitest';
import { PROVENANCE_KEY, markProvenance, provenanceOf, unmarkProvenance } from './provenance';

class Cell {
  data: Record<string, unknown> = { tags: ['a'] };
  getMetadata(key: string): unknown {
    return this.data[key];
  }
  setMetadata(key: string, value: unknown): void {
    this.data[key] = value;
  }
  deleteMetadata(key: string): void {
    delete this.data[key];
  }
}

const at = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
const writer = (turn: string): { model: string; tier: string; turn: string; words: string } => ({
  model: 'm',
  tier: 'spark',
  turn,
  words: 'the instruction'
});

test('a cell says who wrote it, and nothing of what was asked', () => {
  const cell = new Cell();
  markProvenance(cell, writer('t1'), at);
  expect(cell.data).toEqual({
    tags: ['a'],
    [PROVENANCE_KEY]: { model: 'm', tier: 'spark', turn: 't1', time: '2026-01-02T03:04:05Z' }
  });
  expect(provenanceOf(cell)?.model).toBe('m');
});

test('undo takes the note back, and brings the one before it', () => {
  const cell = new Cell();
  const first = markProvenance(cell, writer('t1'), at);
  const second = markProvenance(cell, writer('t2'), at);
  first(); // not the last edit: nothing happens
  expect(provenanceOf(cell)?.turn).toBe('t2');
  second();
  second();
  expect(provenanceOf(cell)?.turn).toBe('t1');
  first();
  expect(cell.data).toEqual({ tags: ['a'] });
});

test('after a reload', () => {
  const cell = new Cell();
  markProvenance(cell, writer('t1'), at);
  unmarkProvenance(cell, 'another');
  expect(provenanceOf(cell)?.turn).toBe('t1');
  unmarkProvenance(cell, 't1');
  expect(provenanceOf(cell)).toBeNull();
  cell.data[PROVENANCE_KEY] = 'something of somebody else';
  expect(provenanceOf(cell)).toBeNull();
  unmarkProvenance(cell, 't1');
  expect(cell.data[PROVENANCE_KEY]).toBe('something of somebody else');
});
