/* eslint max-lines: "off" -- one model, and what happens to it */
/**
 * Whatever happens to a proposal and its cell, in whatever order: nothing typed goes unasked, and what is taken is
 * what was shown. Real shared cells, a second user, and a model of which step brought or took which typed character.
 */

import { YNotebook } from '@jupyter/ydoc';
import type { YCodeCell } from '@jupyter/ydoc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import type { IHunk } from './linediff';
import { Spot } from './spot';
import { Suggestion } from './suggestion';
import { giveBack, takeAll, takeHunk, type Taken } from './take';

/** Whatever is typed is one character of this range, never the same twice, so that it can be followed. */
const TYPED = /[\ue000-\uf8ff]/g;
const FIRST_TYPED = 0xe000;
/** Lines that repeat, and lines that do not. */
const LINES = ['a = 1', '', 'b = f(a, 2)', '    c()', ')', 'd = 4', 'for x in y:', '    e(x)', '', 'g = "h"'];

type Tokens = ReadonlySet<string>;
const NONE: Tokens = new Set();
const tokensOf = (text: string): Tokens => new Set(text.match(TYPED) ?? []);
const without = (one: Iterable<string>, other: Tokens): Tokens => new Set([...one].filter(token => !other.has(token)));
const isWithin = (part: Tokens, whole: Tokens): void => {
  if (part.size) {
    expect([...without(part, whole)]).toEqual([]);
  }
};

/** The user's own doings: what comes of them is on the screen before the next one. */
const DRAWN_AT_ONCE = new Set(['choose', 'revise', 'refuseHunk', 'acceptAll', 'acceptHunk']);

/** What an undo step brought and took. */
interface IStep {
  readonly added: Tokens;
  readonly removed: Tokens;
}

const joined = (steps: readonly IStep[]): IStep => ({
  added: new Set(steps.flatMap(step => [...step.added])),
  removed: new Set(steps.flatMap(step => [...step.removed]))
});

interface IDrawn {
  readonly hunks: readonly IHunk[];
  readonly old: readonly string[];
  readonly fresh: readonly string[];
}

/** A notebook that two users have open, and the proposal for one of its cells. */
class World {
  constructor() {
    const cells = ['one', 'two'].map(id => ({
      ...{ cell_type: 'code', id, metadata: {}, outputs: [], execution_count: null },
      source: (id === 'one' ? LINES : LINES.slice(3, 6)).join('\n')
    }));
    const data = { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
    this.here = YNotebook.create({ disableDocumentWideUndoRedo: true, data });
    this.here.ydoc.on('update', () => this.updates++);
    this.spot = new Spot(this.here, 'one');
    this.saved = this.here.toJSON();
    this.sync();
  }

  readonly here: YNotebook;
  readonly there = new YNotebook({ disableDocumentWideUndoRedo: true });
  readonly spot: Spot;
  saved: ReturnType<YNotebook['toJSON']>;
  updates = 0;
  /** The cell's text and the proposed text on the user's screen. */
  drawn: IDrawn = { hunks: [], old: [], fresh: [] };
  /** What the proposal is made from, once it is begun. */
  seed: string | null = null;
  /** What is proposed, line by line. */
  coming: string[] = [];
  /** Typed characters that the user was shown to be in the way, or took out of the proposal himself. */
  excused: Tokens = NONE;
  /** The same of the ways that the user put own words into, by their places. */
  edits = new Map<number, Tokens>();
  /** The whole of what is proposed. */
  whole: string[] = [];
  /** All text as it was before what happens now. */
  before = '';
  readonly counts: Partial<Record<Taken, number>> = {};
  /** The last change, if it was a taking or its undoing, and the text on its other side. */
  last: { by: 'taken' | 'undone'; cell: YCodeCell; other: string } | null = null;
  /** What the other user deleted since the last meeting. */
  deletedThere: Tokens = NONE;
  typedThere: Tokens = NONE;

  get cell(): YCodeCell | null {
    return this.spot.cell as YCodeCell | null;
  }

  get index(): number {
    return this.here.cells.findIndex(cell => cell.id === 'one');
  }

  get suggestion(): Suggestion | null {
    return this.spot.suggestion;
  }

  get text(): string {
    return textOf(this.here);
  }

  token(): string {
    return String.fromCharCode(FIRST_TYPED + this._count++);
  }

  sync(): void {
    const [here, there] = [this.here.ydoc, this.there.ydoc];
    Y.applyUpdate(there, Y.encodeStateAsUpdate(here, Y.encodeStateVector(there)));
    Y.applyUpdate(here, Y.encodeStateAsUpdate(there, Y.encodeStateVector(here)));
    this.deletedThere = this.typedThere = NONE;
    expect(textOf(this.there)).toBe(this.text);
  }

  /** The turn begins, if it has not: the model reads the cell. */
  begin(x: number, y: number): void {
    const { suggestion, cell } = this;
    if (this.seed === null && suggestion?.state === 'waiting' && cell) {
      this.seed = cell.getSource();
      suggestion.startFrom(this.seed);
      this.whole = proposalFor(this.seed, x, y);
      this.coming = [...this.whole];
      this.excused = NONE;
    }
  }

  /** Something happens; all that must hold of it is looked at. */
  happen(name: string, x: number, y: number): void {
    const [last, updates] = [this.last, this.updates];
    this.before = this.text;
    const gone = HAPPENINGS[name]!(this, x, y);
    if (gone) {
      isWithin(without(tokensOf(this.before), tokensOf(this.text)), gone);
    } else if (this.updates !== updates || this.text !== this.before) {
      expect.fail(`${name} is not to change the notebook`);
    }
    if (this.updates > updates && this.last === last) {
      this.last = null;
    }
    if (DRAWN_AT_ONCE.has(name) || (x + y) % 3) {
      this.draw();
    }
  }

  /** What the presenter does with each frame. */
  draw(): void {
    const { suggestion, cell } = this;
    if (suggestion?.isOpen && cell) {
      suggestion.follow(cell.getSource());
      this.drawn = { hunks: suggestion.hunks(), old: suggestion.baseLines, fresh: [...suggestion.lines] };
    } else {
      this.drawn = { hunks: [], old: [], fresh: [] };
    }
  }

  /** Change the cell, and note what this brought and took. */
  change<T>(cell: YCodeCell, change: () => T): T {
    const [manager, { undo, redo }] = [cell.undoManager!, this._stepsOf(cell)];
    expect(manager.undoStack.length).toBe(undo.length);
    const before = tokensOf(cell.getSource());
    const result = change();
    const after = tokensOf(cell.getSource());
    const step = { added: without(after, before), removed: without(before, after) };
    if (manager.undoStack.length > undo.length) {
      undo.push(step);
    } else if (undo.length) {
      undo.push(joined([undo.pop()!, step]));
    }
    redo.length = manager.redoStack.length;
    return result;
  }

  /** One step back or forth; what may go with it. */
  step(cell: YCodeCell, way: 'undo' | 'redo'): Tokens {
    const steps = this._stepsOf(cell);
    const [from, to] = way === 'undo' ? [steps.undo, steps.redo] : [steps.redo, steps.undo];
    const [before, last] = [cell.getSource(), this.last];
    cell[way]();
    const manager = cell.undoManager!;
    const stacks = [manager.undoStack.length, manager.redoStack.length];
    const [left, made] = way === 'undo' ? stacks : stacks.reverse();
    const gone = joined(from.splice(left!));
    if (made! > to.length) {
      to.push(gone);
    }
    if (last?.cell === cell && last.by === (way === 'undo' ? 'taken' : 'undone')) {
      expect(cell.getSource()).toBe(last.other);
      this.last = way === 'undo' ? { by: 'undone', cell, other: before } : null;
    }
    return way === 'undo' ? gone.added : gone.removed;
  }

  private _stepsOf(cell: YCodeCell): { undo: IStep[]; redo: IStep[] } {
    const steps = this._steps.get(cell) ?? { undo: [], redo: [] };
    this._steps.set(cell, steps);
    return steps;
  }

  private readonly _steps = new WeakMap<YCodeCell, { undo: IStep[]; redo: IStep[] }>();
  private _count = 0;
}

function textOf(notebook: YNotebook): string {
  return notebook.cells.map(cell => `${cell.id}\n${cell.getSource()}`).join('\n\n');
}

/** What a model makes of a text: lines kept, changed, left out and put in. */
function proposalFor(seed: string, x: number, y: number): string[] {
  const out: string[] = [];
  seed.split('\n').forEach((line, index) => {
    const what = (x * 7 + index * (1 + (y % 13)) + (y >> (index % 9))) % 9;
    const put = what === 0 ? [] : what === 1 ? [`${line.replace(TYPED, '')} # ${x}`] : [line];
    out.push(...put, ...(what === 2 ? [`new_${index} = ${y}`] : []));
  });
  return out;
}

/** Something that happens. It gives back which typed characters may be gone now; null: nothing is to be changed. */
type Happening = (world: World, x: number, y: number) => Tokens | null;

function type(world: World, cell: YCodeCell, x: number, y: number): string {
  const token = world.token();
  const at = x % (cell.getSource().length + 1);
  cell.updateSource(at, at, [token, `\n${token}`, `${token}\n`, ` ${token} `][y % 4]);
  return token;
}

function erase(cell: YCodeCell, x: number, y: number): Tokens {
  const source = cell.getSource();
  const at = x % (source.length + 1);
  const end = Math.min(source.length, at + (y % 7));
  cell.updateSource(at, end, '');
  return tokensOf(source.slice(at, end));
}

/** With one of the others' changes in between, a cell that is cloned loses them: that is Lab's doing, not ours. */
function rebuilt(world: World, change: () => void): Tokens {
  const gone = world.deletedThere;
  world.sync();
  change();
  world.sync();
  return gone;
}

const typing: Record<string, Happening> = {
  type: (world, x, y) => world.cell && (world.change(world.cell, () => type(world, world.cell!, x, y)), NONE),
  erase: (world, x, y) => world.cell && world.change(world.cell, () => erase(world.cell!, x, y)),
  pause: ({ cell }) => (cell?.undoManager?.stopCapturing(), null),
  undo: world => world.cell && world.step(world.cell, 'undo'),
  redo: world => world.cell && world.step(world.cell, 'redo'),
  typeThere: (world, x, y) => {
    const cell = world.there.cells.find(cell => cell.id === 'one') as YCodeCell | undefined;
    if (cell) {
      world.typedThere = new Set([...world.typedThere, type(world, cell, x, y)]);
    }
    return null;
  },
  eraseThere: (world, x, y) => {
    const cell = world.there.cells.find(cell => cell.id === 'one') as YCodeCell | undefined;
    world.deletedThere = new Set([...world.deletedThere, ...(cell ? erase(cell, x, y) : [])]);
    return null;
  },
  sync: world => {
    const [gone, come] = [world.deletedThere, world.typedThere];
    world.sync();
    isWithin(without(come, gone), tokensOf(world.text));
    return gone;
  }
};

const notebook: Record<string, Happening> = {
  move: world => world.cell && rebuilt(world, () => moved(world)),
  split: (world, x) =>
    world.cell &&
    rebuilt(world, () => {
      const [cell, source] = [world.cell!, world.cell!.getSource()];
      const at = source.indexOf('\n', x % (source.length + 1)) + 1;
      world.here.insertCell(world.index, {
        ...cell.toJSON(),
        id: `part${world.here.cells.length}${x}`,
        source: source.slice(0, at)
      });
      world.change(cell, () => cell.setSource(source.slice(at)));
    }),
  merge: world => {
    const other = world.here.cells[world.index + 1];
    return !world.cell || !other
      ? null
      : rebuilt(world, () => {
          const [cell, source] = [world.cell!, other.getSource()];
          world.change(cell, () => cell.setSource(`${cell.getSource()}\n${source}`));
          world.here.deleteCell(world.index + 1);
        });
  },
  remove: world => {
    const gone = tokensOf(world.cell?.getSource() ?? '');
    return world.cell && new Set([...rebuilt(world, () => world.here.deleteCell(world.index)), ...gone]);
  },
  lock: world => world.cell && (world.change(world.cell, () => setLocked(world.cell!)), NONE),
  save: world => ((world.saved = world.here.toJSON()), null),
  /** What was typed since is given up by who reloads. */
  reload: world => {
    const saved = structuredClone(world.saved);
    rebuilt(world, () => world.here.fromJSON(saved));
    expect(world.here.cells.map(cell => cell.getSource())).toEqual(world.saved.cells.map(cell => cell.source));
    return tokensOf(world.before);
  }
};

function moved({ here, index }: World): void {
  if (here.cells.length > 1) {
    here.moveCell(index, index ? 0 : 1);
  }
}

function setLocked(cell: YCodeCell): void {
  cell.setMetadata('editable', cell.getMetadata('editable') === false);
}

const model: Record<string, Happening> = {
  ask: world => {
    if (world.cell && !world.suggestion?.isRunning) {
      world.spot.propose(new Suggestion(world.cell.getSource()));
      world.seed = null;
    }
    return null;
  },
  stream: (world, x, y) => {
    world.begin(x, y);
    world.suggestion?.append(world.coming.splice(0, 1 + (y % 4)));
    return null;
  },
  restart: (world, x, y) => {
    world.suggestion?.restart();
    world.coming = world.seed === null ? [] : (world.whole = proposalFor(world.seed, x, y)).slice();
    world.excused = NONE;
    return null;
  },
  ready: (world, x, y) => {
    world.begin(x, y);
    if (world.seed !== null && world.suggestion?.isOpen) {
      const text = (y % 8 ? world.whole : proposalFor(world.seed, y, x)).join('\n');
      world.excused = text === world.suggestion.text ? world.excused : NONE;
      world.suggestion.ready(text);
    }
    return null;
  },
  fail: ({ suggestion }) => (suggestion?.fail('No.'), null),
  stop: ({ suggestion }) => (suggestion?.stop(), null),
  offer: (world, x, y) => {
    world.edits.clear();
    const texts = world.seed === null ? [] : [x, y, x + y].map(z => proposalFor(world.seed!, z, x).join('\n'));
    const { shown, text } = world.suggestion ?? {};
    world.suggestion?.offer(texts.map(text => ({ text, checks: [] })));
    world.excused = text === world.suggestion?.text && shown === world.suggestion?.shown ? world.excused : NONE;
    return null;
  },
  draw: world => (world.draw(), null)
};

const judging: Record<string, Happening> = {
  choose: (world, x) => {
    if (world.suggestion?.ways.length && world.suggestion.state === 'ready') {
      const way = x % world.suggestion.ways.length;
      world.suggestion.choose(way);
      world.excused = world.edits.get(way) ?? NONE;
    }
    return null;
  },
  revise: (world, x, y) => {
    const { suggestion } = world;
    if (suggestion?.state === 'ready') {
      const lines = [...suggestion.lines];
      lines.splice(x % (lines.length + 1), y % 3, `revised_${x}`);
      world.excused = new Set([...world.excused, ...without(tokensOf(suggestion.text), tokensOf(lines.join('\n')))]);
      suggestion.revise(lines.join('\n'));
      expect(suggestion.text).toBe(lines.join('\n'));
      world.edits.set(suggestion.shown, world.excused);
    }
    return null;
  },
  refuseHunk: (world, x) => {
    const { hunks, old } = world.drawn;
    const [suggestion, hunk] = [world.suggestion, hunks[x % (hunks.length || 1)]];
    if (suggestion && hunk) {
      const back = old.slice(hunk.oldFrom, hunk.oldTo);
      const [before, was] = [[...suggestion.lines], suggestion.baseLines.slice(hunk.oldFrom, hunk.oldTo)];
      const isDrawn = suggestion.state === 'ready' && suggestion.hunks().includes(hunk);
      suggestion.refuseHunk(hunk);
      if (isDrawn) {
        world.edits.set(suggestion.shown, world.excused);
        expect(was).toEqual(back);
        before.splice(hunk.newFrom, hunk.newTo - hunk.newFrom, ...back);
      }
      expect(suggestion.lines).toEqual(before);
    }
    return null;
  },
  reject: ({ suggestion }) => (suggestion?.stop(), suggestion?.refuse(), null),
  acceptAll: world => {
    const { base, text } = world.suggestion ?? { base: '', text: '' };
    return taking(world, takeAll, (now, after) => {
      const lines = new Set([...text.split('\n'), ...now.split('\n')]);
      expect(after.split('\n').filter(line => !lines.has(line))).toEqual([]);
      if (now === base) {
        expect(after).toBe(text);
      }
      return without(tokensOf(base), tokensOf(text));
    });
  },
  acceptHunk: (world, x) => {
    const { hunks, old, fresh } = world.drawn;
    const hunk = hunks[x % (hunks.length || 1)];
    return !hunk
      ? null
      : taking(
          world,
          spot => takeHunk(spot, hunk),
          (now, after) => {
            const [lines, put] = [now.split('\n'), fresh.slice(hunk.newFrom, hunk.newTo)];
            const gone = lines.splice(hunk.oldFrom, hunk.oldTo - hunk.oldFrom, ...put);
            expect(gone).toEqual(old.slice(hunk.oldFrom, hunk.oldTo));
            expect(after).toBe(lines.join('\n'));
            return without(tokensOf(gone.join('\n')), tokensOf(put.join('\n')));
          }
        );
  },
  giveBack: world => {
    const { cell, spot } = world;
    const taken = spot.taken;
    const before = cell?.getSource() ?? '';
    const how = cell ? world.change(cell, () => giveBack(spot)) : giveBack(spot);
    if (how !== 'done') {
      return null;
    }
    expect([before, cell?.getSource()]).toEqual([taken?.after, taken?.before]);
    return tokensOf(taken!.after);
  }
};

/** Take, and hold what came of it against what was shown, of which `shown` knows what was to be let go. */
function taking(
  world: World,
  take: (spot: Spot) => Taken,
  shown: (now: string, after: string) => Tokens
): Tokens | null {
  const { cell, spot, suggestion, excused } = world;
  const now = cell?.getSource() ?? '';
  const isOpen = suggestion?.state === 'ready' && cell?.getMetadata('editable') !== false;
  const how = cell ? world.change(cell, () => take(spot)) : take(spot);
  world.counts[how] = (world.counts[how] ?? 0) + 1;
  if (how === 'conflict') {
    expect(suggestion?.base).toBe(now);
    world.excused = tokensOf(now);
    world.draw();
  }
  if (how !== 'done' || !cell) {
    return null;
  }
  expect(isOpen).toBe(true);
  const after = cell.getSource();
  const asked = shown(now, after);
  // What the model had not seen goes only where the user was shown so before.
  isWithin(without(tokensOf(now), tokensOf(after)), new Set([...tokensOf(world.seed ?? ''), ...excused]));
  world.last = after === now ? world.last : { by: 'taken', cell, other: now };
  return asked;
}

const HAPPENINGS = { ...typing, ...notebook, ...model, ...judging };

/** How often each comes, in a hundred or so. */
function mostly(weights: Record<string, number>): fc.Arbitrary<[string, number, number]> {
  const names = Object.entries(weights).flatMap(([name, count]) => Array.from({ length: count }, () => name));
  return fc.tuple(fc.constantFrom(...names), fc.nat(9999), fc.nat(9999));
}

const ALL = Object.fromEntries(Object.keys(HAPPENINGS).map(name => [name, 2]));
// After these there is less to happen.
Object.assign(ALL, { remove: 0, fail: 1, stop: 1, reject: 1, lock: 1, reload: 1, eraseThere: 1, ask: 14, ready: 18 });
const counts: Partial<Record<Taken, number>> = {};

describe('whatever happens to a proposal and its cell', () => {
  it.each([
    ['while it is judged', { ...ALL, type: 12, acceptHunk: 16, acceptAll: 8, undo: 6, redo: 5, giveBack: 4 }],
    ['while two type', { ...ALL, type: 8, typeThere: 10, sync: 9, acceptHunk: 10, acceptAll: 8 }],
    ['while it streams', { ...ALL, stream: 14, restart: 5, ready: 10, type: 12, acceptHunk: 6, acceptAll: 8 }],
    [
      'while cells come and go',
      { ...ALL, type: 8, move: 6, split: 4, merge: 4, remove: 1, acceptHunk: 8, acceptAll: 8 }
    ]
  ])('nothing typed goes unasked, and what is taken was shown, %s', { timeout: 300_000 }, (_name, weights) => {
    fc.assert(
      fc.property(fc.array(mostly(weights), { maxLength: 36, size: 'max' }), happenings => {
        const world = new World();
        world.happen('ask', 0, 0);
        happenings.forEach(([name, x, y]) => world.happen(name, x, y));
        world.sync();
        Object.entries(world.counts).forEach(
          ([how, count]) => (counts[how as Taken] = (counts[how as Taken] ?? 0) + count)
        );
      }),
      { numRuns: 550, unbiased: true }
    );
  });

  it('is a test in which proposals are taken, and are in the way', () => {
    expect(counts.done).toBeGreaterThan(400);
    expect(counts.conflict).toBeGreaterThan(50);
  });
});
