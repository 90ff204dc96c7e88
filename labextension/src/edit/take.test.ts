import { expect, test } from 'vitest';
import { Spot } from './spot';
import { Suggestion } from './suggestion';
import { giveBack, takeAll, takeHunk } from './take';

const OLD = 'a = 1\nb = 2\nc = 3\nd = 4\ne = 5';
const NEW = 'a = 1\nb = 20\nc = 3\nd = 4\ne = 50';

class Cell {
  readonly cell_type = 'code';
  readonly steps: string[] = [];
  readonly undoManager = { stopCapturing: (): void => void this.steps.push('step') };
  locked = false;

  constructor(
    private _source = OLD,
    readonly id = 'one'
  ) {}

  getSource(): string {
    return this._source;
  }

  /** What the user types. */
  setSource(source: string): void {
    this._source = source;
  }

  updateSource(start: number, end: number, value = ''): void {
    this._source = this._source.slice(0, start) + value + this._source.slice(end);
  }

  transact(change: () => void): void {
    this.steps.push('write');
    change();
  }

  getMetadata(key: string): unknown {
    return key === 'editable' && this.locked ? false : undefined;
  }
}

function made(cell = new Cell(), cells = [cell]): { cell: Cell; spot: Spot; suggestion: Suggestion } {
  const spot = new Spot({ cells }, 'one');
  const suggestion = new Suggestion(OLD);
  spot.propose(suggestion);
  suggestion.ready(NEW);
  return { cell, spot, suggestion };
}

test('a cell that was split is not written whole into a part of it', () => {
  for (const isFirst of [true, false]) {
    const [cell, other] = [new Cell(), new Cell('', 'other')];
    const { spot, suggestion } = made(cell, isFirst ? [cell, other] : [other, cell]);
    const [upper, lower] = ['a = 1\nb = 2', 'c = 3\nd = 4\ne = 5'] as const;
    cell.setSource(isFirst ? upper : lower);
    other.setSource(isFirst ? lower : upper);
    suggestion.follow(cell.getSource());
    expect([takeAll(spot), takeAll(spot)]).toEqual(['split', 'split']);
    cell.setSource(OLD);
    suggestion.follow(OLD);
    expect([takeAll(spot), cell.getSource()]).toEqual(['done', NEW]);
  }
});

test('taking is one undo step of its own', () => {
  const { cell, spot, suggestion } = made();
  expect(takeAll(spot)).toBe('done');
  expect([cell.getSource(), suggestion.state]).toEqual([NEW, 'taken']);
  expect(cell.steps).toEqual(['step', 'write', 'step']);
  expect(giveBack(spot)).toBe('done');
  expect(cell.getSource()).toBe(OLD);
});

test('what was typed elsewhere is kept', () => {
  const { cell, spot } = made();
  cell.setSource(OLD.replace('c = 3', 'c = 30'));
  expect(takeAll(spot)).toBe('conflict'); // the lines touch
  const other = made(new Cell(`# mine\n${OLD}`));
  expect(takeAll(other.spot)).toBe('done');
  expect(other.cell.getSource()).toBe(`# mine\n${NEW}`);
});

test('a cell keeps its line ends, and lines that differ in nothing else are the same', () => {
  const [old, fresh] = [OLD, NEW].map(text => text.replace(/\n/g, '\r\n')) as [string, string];
  for (const text of [NEW, fresh]) {
    const cell = new Cell(old);
    const spot = new Spot({ cells: [cell] }, 'one');
    const suggestion = new Suggestion(old);
    spot.propose(suggestion);
    suggestion.append(NEW.split('\n'));
    suggestion.ready(text);
    expect(suggestion.hunks()).toHaveLength(2);
    suggestion.follow(old);
    expect(suggestion.conflicts).toBe(false);
    expect(takeHunk(spot, suggestion.hunks()[0]!)).toBe('done');
    expect(cell.getSource()).toBe(old.replace('b = 2', 'b = 20'));
    cell.setSource(`mine\r\n${cell.getSource()}`);
    expect(takeAll(spot)).toBe('done');
    expect(cell.getSource()).toBe(`mine\r\n${fresh}`);
    expect(giveBack(spot)).toBe('done');
    expect(cell.getSource()).toBe(`mine\r\n${old.replace('b = 2', 'b = 20')}`);
  }
});

test('a line put in beside a changed one is kept, without a question', () => {
  const { cell, spot, suggestion } = made();
  cell.setSource(`${OLD}\nq = 1`);
  suggestion.follow(cell.getSource());
  expect(suggestion.conflicts).toBe(false);
  expect(takeAll(spot)).toBe('done');
  expect(cell.getSource()).toBe(`${NEW}\nq = 1`);
});

test('what was typed into the same lines is shown first, and goes only when asked again', () => {
  const { cell, spot, suggestion } = made();
  const typed = OLD.replace('b = 2', 'b = 3');
  cell.setSource(typed);
  expect(takeAll(spot)).toBe('conflict');
  expect(cell.getSource()).toBe(typed);
  expect([suggestion.base, suggestion.text]).toEqual([typed, NEW]);
  expect(takeAll(spot)).toBe('done');
  expect(cell.getSource()).toBe(NEW);
});

test('one change is taken, the other stays to be judged', () => {
  const { cell, spot, suggestion } = made();
  const [first] = suggestion.hunks();
  expect(takeHunk(spot, first!)).toBe('done');
  expect(cell.getSource()).toBe(OLD.replace('b = 2', 'b = 20'));
  expect(suggestion.hunks()).toHaveLength(1);
  expect(takeHunk(spot, first!)).toBe('changed');
  expect(takeHunk(spot, suggestion.hunks()[0]!)).toBe('done');
  expect([cell.getSource(), suggestion.state]).toEqual([NEW, 'taken']);
});

test('a cell that is gone, locked or not whole is left alone', () => {
  const { cell, spot, suggestion } = made();
  cell.locked = true;
  expect(takeAll(spot)).toBe('locked');
  expect(takeAll(new Spot({ cells: [] }, 'one'))).toBe('gone');
  const early = made();
  early.spot.propose(new Suggestion(OLD));
  expect(takeAll(early.spot)).toBe('early');
  expect([cell.getSource(), suggestion.state]).toEqual([OLD, 'ready']);
});

test('nothing is given back over what was typed since', () => {
  const { cell, spot } = made();
  takeAll(spot);
  cell.setSource(`${NEW}\nf = 6`);
  expect(giveBack(spot)).toBe('changed');
  expect(cell.getSource()).toBe(`${NEW}\nf = 6`);
});

test('another way that meets what was typed goes over it only when asked again', () => {
  const { cell, spot, suggestion } = made();
  const typed = OLD.replace('b = 2', 'b = 3');
  suggestion.offer([
    { text: NEW, checks: [] },
    { text: OLD.replace('b = 2', 'b = 200'), checks: [] }
  ]);
  cell.setSource(typed);
  suggestion.follow(typed);
  suggestion.choose(1);
  expect(takeAll(spot)).toBe('conflict');
  expect(cell.getSource()).toBe(typed);
  expect(takeAll(spot)).toBe('done');
  expect(cell.getSource()).toBe(OLD.replace('b = 2', 'b = 200'));
});
