import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CellChange } from '../_wire';
import { changeOf, edit, eventsOf, HEAD, LATE, NOTHING, Page, SOURCES, sourcesOf } from './fixtures';

// What rests a moment before it is told must not outlive its test.
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('accepting', () => {
  it('writes every change, and leaves the rest of the notebook as it is', () => {
    const page = new Page();
    page.proposed([
      edit('a', 'orders = [1, 2]'),
      changeOf('insert', 'n', { below: 'a', new_source: 'import os' }),
      changeOf('move', 'd', { below: '', old_source: SOURCES.d, new_source: SOURCES.d }),
      changeOf('delete', 'c', { old_source: SOURCES.c })
    ]);
    const before = page.notebook.toJSON().cells;
    expect(page.refactors.acceptAll()).toEqual({ taken: 4, held: 0 });
    expect(sourcesOf(page.notebook)).toEqual({ d: 'old = 1', a: 'orders = [1, 2]', n: 'import os', b: SOURCES.b });
    expect(Object.keys(sourcesOf(page.notebook))).toEqual(['d', 'a', 'n', 'b']);
    const after = page.notebook.toJSON().cells;
    expect(after[0]).toEqual(before[3]);
    expect(after[1]).toEqual({ ...before[0], source: 'orders = [1, 2]' });
    expect(after[3]).toEqual(before[1]);
    expect(page.stands?.cells.map(act => act.operation)).toEqual(['edit', 'insert', 'move', 'delete']);
    expect(page.stands?.order).toEqual(['a', 'b', 'c', 'd']);
    expect(page.stands?.cells[3]?.cell).toEqual(before[2]);
  });

  it('is one undo step of each cell, apart from the typing before', () => {
    const page = new Page();
    page.proposed([edit('b', 'x = 1\n\ny = 20\n\nz = 3')]);
    page.type('b', 'x = 1', 'x = 1  # mine');
    page.refactors.acceptAll();
    expect(sourcesOf(page.notebook).b).toBe('x = 1  # mine\n\ny = 20\n\nz = 3');
    page.notebook.cells[1]?.undo();
    expect(sourcesOf(page.notebook).b).toBe('x = 1  # mine\n\ny = 2\n\nz = 3');
  });

  it('goes over nothing that the user changed in the same lines, and holds back what belongs to it', () => {
    const page = new Page();
    page.proposed([
      edit('a', 'orders = [1, 2]', { group: 'rename' }),
      edit('c', 'print(orders)', { group: 'rename' }),
      edit('d', 'new = 1')
    ]);
    page.type('c', 'print(x)', 'print(x, 1)');
    expect(page.change('c').state).toBe('conflict');
    expect(page.refactors.acceptAll()).toEqual({ taken: 1, held: 2 });
    expect(sourcesOf(page.notebook)).toEqual({ ...SOURCES, c: 'print(x, 1)', d: 'new = 1' });
    expect(page.change('c').both(page.notebook)).toEqual({ mine: 'print(x, 1)', proposed: 'print(orders)' });

    page.refactors.settle(page.change('c'), 'proposed');
    expect(page.refactors.acceptAll()).toEqual({ taken: 2, held: 0 });
    expect(sourcesOf(page.notebook)).toMatchObject({ a: 'orders = [1, 2]', c: 'print(orders)' });
  });

  it('takes the others once the user keeps their own lines', () => {
    const page = new Page();
    page.proposed([edit('a', 'orders = [1, 2]', { group: 'rename' }), edit('c', 'print(y)', { group: 'rename' })]);
    page.type('c', 'print(x)', 'print(z)');
    page.refactors.settle(page.change('c'), 'mine');
    expect(page.change('c').state).toBe('refused');
    page.refactors.acceptAll();
    expect(sourcesOf(page.notebook)).toMatchObject({ a: 'orders = [1, 2]', c: 'print(z)' });
  });

  it('does not delete what was changed meanwhile, nor touch a locked cell', () => {
    const page = new Page();
    page.proposed([changeOf('delete', 'c', { old_source: SOURCES.c }), edit('d', 'new = 1')]);
    page.type('c', 'print', 'show');
    page.notebook.cells[3]?.setMetadata('editable', false);
    expect(page.refactors.acceptAll()).toEqual({ taken: 0, held: 2 });
    expect(page.review.changes.map(one => one.state)).toEqual(['conflict', 'locked']);
    expect(page.stands).toBeNull();
  });

  it('takes parts, and leaves parts out', () => {
    const page = new Page();
    page.proposed([edit('b', 'x = 10\n\ny = 2\n\nz = 30')]);
    const one = page.change('b');
    expect(one.suggestion.hunks()).toHaveLength(2);
    expect(page.refactors.acceptHunk(one, one.suggestion.hunks()[0]!)).toBe(true);
    expect(sourcesOf(page.notebook).b).toBe('x = 10\n\ny = 2\n\nz = 3');
    page.type('b', 'y = 2', 'y = 2  # mine');
    page.refactors.refuseHunk(one, one.suggestion.hunks()[0]!);
    expect(one.state).toBe('taken');
    page.refactors.undo(page.review.id);
    expect(sourcesOf(page.notebook).b).toBe('x = 1\n\ny = 2  # mine\n\nz = 3');
  });

  it('takes one by one in any order, and each comes to its place', () => {
    const inserts = ['m', 'n', 'o'].map((id, index) =>
      changeOf('insert', id, { below: index === 1 ? 'm' : 'a', new_source: id })
    );
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
      [1, 0, 2]
    ]) {
      const page = new Page();
      page.proposed(inserts);
      order.forEach(index => page.refactors.accept(page.review.changes[index]!));
      expect(Object.keys(sourcesOf(page.notebook))).toEqual(['a', 'm', 'n', 'o', 'b', 'c', 'd']);
    }
  });
});

describe('taking back', () => {
  const everything = (): CellChange[] => [
    edit('a', 'import os\n\norders = [1, 2]', { step_id: 'merge' }),
    changeOf('delete', 'c', { old_source: SOURCES.c, step_id: 'merge' }),
    changeOf('move', 'd', { below: 'a', old_source: SOURCES.d, new_source: SOURCES.d }),
    edit('d', 'new = 1'),
    changeOf('insert', 'n', { below: 'c', new_source: 'more()' })
  ];

  it('brings the notebook back as it was, outputs and all, and can be taken again', () => {
    const page = new Page();
    const before = page.notebook.toJSON();
    page.proposed(everything());
    page.refactors.acceptAll();
    const taken = page.notebook.toJSON();
    expect(page.refactors.undo(page.review.id)).toBe(true);
    expect(page.notebook.toJSON()).toEqual(before);
    expect(page.stands?.cells).toEqual([]);
    expect(page.review.open).toHaveLength(5);
    page.refactors.acceptAll();
    expect(page.notebook.toJSON()).toEqual(taken);
  });

  it('keeps what the user typed since, and leaves alone what was changed in the same lines', () => {
    const page = new Page();
    page.proposed([edit('b', 'x = 10\n\ny = 2\n\nz = 3'), edit('d', 'new = 1')]);
    page.refactors.acceptAll();
    page.type('b', 'z = 3', 'z = 3  # mine');
    page.type('d', 'new = 1', 'new = 11');
    expect(page.refactors.undo(page.review.id)).toBe(false);
    expect(sourcesOf(page.notebook)).toMatchObject({ b: 'x = 1\n\ny = 2\n\nz = 3  # mine', d: 'new = 11' });
    expect(page.refactors.standing[0]?.left.map(({ act, why }) => [act.cell_id, why])).toEqual([['d', 'changed']]);
    expect(page.stands?.cells.map(act => act.cell_id)).toEqual(['d']);
    expect(page.review.changes.map(one => one.state)).toEqual(['open', 'taken']);
    expect(page.refactors.undo(page.review.id, true)).toBe(true);
    expect(sourcesOf(page.notebook).d).toBe('old = 1');
    expect(page.refactors.standing).toEqual([]);
  });

  it('does not tear a merge apart', () => {
    const page = new Page();
    page.proposed(everything().slice(0, 2));
    page.refactors.acceptAll();
    page.type('a', 'import os', 'import sys');
    expect(page.refactors.undo(page.review.id)).toBe(false);
    expect(Object.keys(sourcesOf(page.notebook))).toEqual(['a', 'b', 'd']);
  });

  it('works after a reload, from what the journal kept', async () => {
    const page = new Page();
    const before = page.notebook.toJSON();
    page.proposed(everything());
    page.refactors.acceptAll();
    const list = {
      ...NOTHING,
      current: 'r',
      instruction: 'tidy up',
      standing: [{ refactor_id: 'r', created_at_s: 1, applied: page.stands! }]
    };
    const again = new Page({}, list);
    again.notebook.fromJSON(page.notebook.toJSON());
    await again.refactors.load();
    expect(again.sent).toEqual([{ type: 'refactor_joined', refactor_id: 'r', position: 0 }]);
    again.tell(...eventsOf(everything()));
    expect(again.review.changes.map(one => one.state)).toEqual(Array(5).fill('taken'));
    expect(again.refactors.undo('r')).toBe(true);
    expect(again.notebook.toJSON()).toEqual(before);
    expect(again.review.open).toHaveLength(5);
  });

  it('tells the server as soon as it is there again', () => {
    const page = new Page();
    page.proposed([edit('d', 'new = 1'), edit('a', 'df = []')]);
    page.isAway = true;
    page.refactors.accept(page.change('d'));
    page.refactors.accept(page.change('a'));
    expect(page.stands).toBeNull();
    page.isAway = false;
    page.channel.onOpen();
    expect(page.sent.filter(frame => frame.type === 'refactor_stands')).toHaveLength(1);
    expect(page.stands?.cells.map(act => act.cell_id)).toEqual(['d', 'a']);
  });
});

describe('a review', () => {
  it('does not tick what a check speaks against, nor what belongs to it', () => {
    const page = new Page();
    const failing = { name: 'parses' as const, ok: false, message: 'it does not parse', line: 1 };
    page.proposed(
      [
        edit('a', 'x', { group: 'g', checks: [failing] }),
        edit('b', 'y', { group: 'g' }),
        edit('c', 'z'),
        edit('d', 'u')
      ],
      { checks: [{ ...LATE, groups: ['edit-c'] }] }
    );
    expect(page.review.changes.map(one => one.isTicked)).toEqual([false, false, false, true]);
    expect(page.refactors.acceptAll().taken).toBe(1);
  });

  it('sends what would be taken, with the texts that the user changed', () => {
    const page = new Page();
    page.proposed([edit('b', 'x = 10\n\ny = 2\n\nz = 30'), edit('d', 'new = 1')]);
    page.refactors.refuseHunk(page.change('b'), page.change('b').suggestion.hunks()[1]!);
    page.refactors.tick(page.change('d'), false);
    page.refactors.check('run');
    expect(page.sent[page.sent.length - 1]).toMatchObject({
      type: 'choice_made',
      accepted: ['edit-b'],
      texts: { 'edit-b': 'x = 10\n\ny = 2\n\nz = 3' },
      verify: 'run'
    });
    page.tell({ type: 'choice_checked', choice_id: 1, checks: [] });
    expect(page.review.checks).toEqual([]);
  });

  it('goes back to its plan when it is stopped or fails', () => {
    const page = new Page();
    page.refactors.start('tidy up');
    page.tell(...eventsOf([]).slice(0, 3));
    expect(page.review.phase).toBe('writing');
    page.tell({ type: 'refactor_failed', ...HEAD, code: 'x', message: 'No connection.', hint: 'Try again.' });
    expect([page.review.phase, page.review.problem]).toEqual(['planned', 'No connection.']);
    page.review.onLines('', ['half a pl']);
    page.refactors.start('again');
    page.tell({ type: 'refactor_cancelled', ...HEAD });
    expect(page.review.hasNoPlan).toBe(true);
  });
});
