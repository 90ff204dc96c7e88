import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CellChange, RefactorPlan } from '../_wire';
import { edit, eventsOf, FIGURES, NOTHING, Page, PLAN, sourcesOf } from './fixtures';
import { withInstruction, withStep } from './plan';

const PARTS = 'x = 10\n\ny = 2\n\nz = 30';
const CHANGES: CellChange[] = [edit('a', 'df = []'), edit('b', PARTS), edit('c', 'print(x, y)'), edit('d', 'new = 1')];
const STEP: RefactorPlan['steps'][number] = {
  step_id: '1',
  operation: 'edit',
  cell_id: 'a',
  below: '',
  cells: [],
  kind: 'code',
  instruction: 'use a set',
  source: null,
  accepted: true
};
const RENAMING: RefactorPlan = { ...PLAN, renames: [{ old: 'df', new: 'orders' }], steps: [STEP] };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The page, loaded again: the notebook as it is, and what server and journal kept. */
async function reloaded(page: Page, more = {}): Promise<Page> {
  await vi.advanceTimersByTimeAsync(1000);
  const standing = page.stands?.cells.length
    ? [{ refactor_id: page.review.id, created_at_s: 1, applied: page.stands }]
    : [];
  const again = new Page({}, { ...NOTHING, current: page.review.id, kept: page.kept, standing });
  again.notebook.fromJSON(page.notebook.toJSON());
  await again.refactors.load();
  again.tell(...eventsOf(CHANGES, more));
  return again;
}

describe('after a reload', () => {
  it('what was rejected stays rejected, and what was unticked unticked', async () => {
    const page = new Page();
    page.proposed(CHANGES);
    page.refactors.refuse(page.change('a'));
    page.refactors.tick(page.change('d'), false);
    page.refactors.accept(page.change('c'));
    const again = await reloaded(page);
    expect(again.review.changes.map(one => one.state)).toEqual(['refused', 'open', 'taken', 'open']);
    expect(again.review.ticked.map(one => one.change.cell_id)).toEqual(['b']);
  });

  it('a part that was rejected stays out, and one that was accepted stays in', async () => {
    const page = new Page();
    page.proposed(CHANGES);
    const [first, last] = page.change('b').suggestion.hunks();
    page.refactors.refuseHunk(page.change('b'), first!);
    const again = await reloaded(page);
    expect(again.change('b').text).toBe('x = 1\n\ny = 2\n\nz = 30');
    expect(again.change('b').isOpen).toBe(true);

    const other = new Page();
    other.proposed(CHANGES);
    other.refactors.acceptHunk(other.change('b'), other.change('b').suggestion.hunks()[1]!);
    expect(last).toBeDefined();
    const later = await reloaded(other);
    expect(later.change('b').state).toBe('open');
    expect(later.change('b').suggestion.hunks()).toHaveLength(1);
    later.refactors.accept(later.change('b'));
    expect(sourcesOf(later.notebook).b).toBe(PARTS);
    later.refactors.undo(later.review.id);
    expect(sourcesOf(later.notebook).b).toBe('x = 1\n\ny = 2\n\nz = 3');
  });

  it('the plan is as the user left it, and a name that they dropped can be taken up', async () => {
    const page = new Page();
    page.proposed(CHANGES, { plan: RENAMING });
    page.tell({ type: 'work_begun', work: 'planning', begun_at_s: 0, instruction: 'tidy up', order: [] });
    page.tell(eventsOf([], { plan: RENAMING })[1]!);
    page.review.setPlan({ ...withInstruction(RENAMING, '1', 'use a tuple'), renames: [] });
    page.refactors.setVerify('run');
    await vi.advanceTimersByTimeAsync(1000);
    const again = new Page({}, { ...NOTHING, current: page.review.id, kept: page.kept });
    await again.refactors.load();
    again.tell(...eventsOf([], { plan: RENAMING }).slice(0, 2));
    expect(again.review.plan?.steps[0]?.instruction).toBe('use a tuple');
    expect(again.review.plan?.renames).toEqual([]);
    expect(again.review.renames).toEqual(RENAMING.renames);
    expect(again.refactors.verify).toBe('run');
    again.review.setPlan(withStep(again.review.plan!, '1', { accepted: false }));
    again.tell({ type: 'plan_ready', refactor_id: 'r', seq: 1, plan: RENAMING, figures: FIGURES });
    expect(again.review.plan?.steps[0]?.instruction).toBe('use a set'); // the server's word, once the user went on
  });

  it('what was made of another proposal does not count', async () => {
    const page = new Page();
    page.proposed(CHANGES);
    page.refactors.refuseAll();
    const again = await reloaded(page, { proposal_id: 'newer' });
    expect(again.review.open).toHaveLength(4);
  });

  it('is told once there is a connection again', async () => {
    const page = new Page();
    page.proposed(CHANGES);
    page.isAway = true;
    page.refactors.refuse(page.change('a'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(page.kept).toBeNull();
    page.isAway = false;
    page.channel.onOpen();
    expect(page.kept?.changes.filter(one => one.refused).map(one => one.change_id)).toEqual(['edit-a']);
  });
});
