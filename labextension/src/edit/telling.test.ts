import { expect, test } from 'vitest';
import type { Proposal } from '../_wire';
import { Turn } from '../chat/turn';
import { Verdicts } from '../chat/verdicts';
import { Spot } from './spot';
import { Suggestion } from './suggestion';
import { giveBack, takeAll, takeHunk } from './take';
import { Telling } from './telling';

const OLD = 'a = 1\nb = 2\nc = 3\nd = 4\ne = 5';
const NEW = 'a = 1\nb = 20\nc = 3\nd = 4\ne = 50';

class Cell {
  readonly id = 'one';
  readonly cell_type = 'code';
  readonly metadata = new Map<string, unknown>();
  source = OLD;

  getSource(): string {
    return this.source;
  }

  setSource(source: string): void {
    this.source = source;
  }

  updateSource(start: number, end: number, value = ''): void {
    this.source = this.source.slice(0, start) + value + this.source.slice(end);
  }

  transact(change: () => void): void {
    change();
  }

  getMetadata(key: string): unknown {
    return this.metadata.get(key);
  }

  setMetadata(key: string, value: unknown): void {
    this.metadata.set(key, value);
  }

  deleteMetadata(key: string): void {
    this.metadata.delete(key);
  }
}

interface IMade {
  cell: Cell;
  spot: Spot;
  suggestion: Suggestion;
  verdicts: Verdicts;
  telling: Telling;
  told: [outcome: string, before: string, after: string][];
}

function made({ notes = true, hasTurn = true } = {}): IMade {
  const cell = new Cell();
  const spot = new Spot({ cells: [cell] }, 'one');
  const suggestion = new Suggestion(OLD);
  spot.propose(suggestion);
  suggestion.ready(NEW);
  const turn = new Turn('t', 'rewrite', 'secret words', 'spark', 'one');
  turn.model = 'm';
  turn.proposals = [{ turn_id: 't', proposal_id: 'p' } as Proposal];
  const told: IMade['told'] = [];
  const verdicts = new Verdicts(({ outcome, before, after }) => told.push([outcome, before, after]));
  const telling = new Telling(
    () => verdicts,
    () => (hasTurn ? turn : null),
    () => 'n.ipynb',
    () => notes
  );
  return { cell, spot, suggestion, verdicts, telling, told };
}

test('what is taken, taken back and taken again is told each time, once', () => {
  const { cell, spot, suggestion, verdicts, telling, told } = made();
  takeAll(spot);
  telling.taken(spot, suggestion);
  telling.follow(spot);
  expect(verdicts.of('p')).toEqual({ standing: 'accepted', cellId: 'one' });
  expect(cell.metadata.get('jupyter_spark')).toMatchObject({ model: 'm', tier: 'spark', turn: 't' });
  expect(JSON.stringify(cell.metadata.get('jupyter_spark'))).not.toContain('secret');
  cell.source = `${NEW}\n# typed`;
  telling.follow(spot);
  cell.source = OLD; // undo in the editor
  telling.follow(spot);
  telling.follow(spot);
  expect(verdicts.of('p').standing).toBe('undone');
  expect(cell.metadata.size).toBe(0);
  cell.source = NEW; // redo
  telling.follow(spot);
  expect(told).toEqual([
    ['taken', OLD, NEW],
    ['taken_back', NEW, OLD],
    ['taken', OLD, NEW]
  ]);
  expect(cell.metadata.size).toBe(1);
});

test('of two parts that were taken one is taken back', () => {
  const { cell, spot, suggestion, verdicts, telling, told } = made();
  const middle = OLD.replace('b = 2', 'b = 20');
  for (let part = 0; part < 2; part++) {
    takeHunk(spot, suggestion.hunks()[0]!);
    telling.taken(spot, suggestion);
  }
  expect(giveBack(spot)).toBe('done');
  telling.follow(spot);
  expect(told).toEqual([
    ['taken', OLD, middle],
    ['taken', middle, NEW],
    ['taken_back', NEW, middle]
  ]);
  expect(verdicts.of('p').standing).toBe('accepted');
  expect(cell.metadata.size).toBe(1);
});

test('a refusal is told, and nothing is written', () => {
  const { cell, spot, suggestion, verdicts, telling, told } = made();
  telling.refused(spot, suggestion);
  expect(told).toEqual([['refused', OLD, OLD]]);
  expect(verdicts.of('p').standing).toBe('rejected');
  expect(cell.metadata.size).toBe(0);
});

test('no note without the setting, no word of what came of no turn', () => {
  const quiet = made({ notes: false });
  takeAll(quiet.spot);
  quiet.telling.taken(quiet.spot, quiet.suggestion);
  expect([quiet.told.length, quiet.cell.metadata.size]).toEqual([1, 0]);
  const other = made({ hasTurn: false });
  takeAll(other.spot);
  other.telling.taken(other.spot, other.suggestion);
  other.telling.refused(other.spot, other.suggestion);
  expect([other.told.length, other.cell.metadata.size]).toEqual([0, 0]);
});
