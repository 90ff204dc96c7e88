import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CellChange, ReviewAsked, ReviewEvent, VerificationReport } from '../_wire';
import { answered } from './asked';
import { edit, eventsOf, FIGURES, HEAD, Page, PLAN, sourcesOf } from './fixtures';

// What rests a moment before it is told must not outlive its test.
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const CHANGES: CellChange[] = [edit('a', 'df = []'), edit('d', 'new = 1')];
const ASKED: ReviewAsked = {
  type: 'review_asked',
  request_id: 'q',
  action: 'begin',
  instruction: 'tidy up',
  tier: 'deep',
  profile: 'mine',
  verify: 'static',
  plan: null,
  unasked: true,
  refactor_id: ''
};
const fill = (text: string, ...values: unknown[]): string =>
  values.reduce<string>((said, value, index) => said.replace(`%${index + 1}`, String(value)), text);
const trans = {
  __: fill,
  _n: (one: string, many: string, count: number, ...rest: unknown[]) => fill(count === 1 ? one : many, count, ...rest)
} as unknown as Parameters<typeof answered>[3];

function ask(page: Page, more: Partial<ReviewAsked> = {}): ReturnType<typeof answered> {
  return answered(page.refactors, { ...ASKED, ...more }, 'the tab', trans);
}

function kinds(page: Page): string[] {
  return page.sent.map(frame => frame.type);
}

function report(holds: boolean): ReviewEvent[] {
  const whole = { cells: [], kernel: 'python3', notes: [], elapsed_s: 1, holds } as unknown as VerificationReport;
  const begun = { type: 'work_begun' as const, begun_at_s: 0, instruction: 'tidy up', order: [] };
  return [
    { ...begun, work: 'verifying' },
    { type: 'verification_ended', choice_id: 0, report: whole, problem: '', hint: '' }
  ];
}

describe('a cell that asks for a refactor', () => {
  it('has it planned as it says; nothing is written before the user says so', () => {
    const page = new Page();
    const plan = { ...PLAN, plan_id: 'mine' };
    const { said } = ask(page, { unasked: false, plan, verify: 'run' });
    expect(said).toContain('See the tab');
    expect(page.sent).toMatchObject([{ type: 'refactor_requested', tier: 'deep', profile: 'mine', plan }]);
    page.tell(...eventsOf(CHANGES).slice(0, 2));
    expect(kinds(page)).toEqual(['refactor_requested']);
    expect(page.refactors.verify).toBe('run');
  });

  it('is told what is under way', () => {
    const page = new Page();
    ask(page);
    expect(ask(page).problem).toContain('under way');
  });

  it('has what was accepted taken back', () => {
    const page = new Page();
    page.proposed(CHANGES);
    page.refactors.acceptAll();
    expect(ask(page, { action: 'undo', refactor_id: 'other' }).problem).toContain('does not stand');
    page.type('d', 'new = 1', 'new = 2');
    expect(ask(page, { action: 'undo', refactor_id: page.review.id })).toMatchObject({ isPartial: true });
    expect(sourcesOf(page.notebook)).toMatchObject({ a: 'df = [1, 2]', d: 'new = 2' });
  });

  it('has what is under review accepted', () => {
    const page = new Page();
    expect(ask(page, { action: 'accept' }).problem).toContain('no refactor');
    page.proposed(CHANGES);
    page.refactors.tick(page.change('a'), false);
    expect(ask(page, { action: 'accept' }).said).toBe('1 cell accepted. 1 change is left to you, in the tab.');
    expect(sourcesOf(page.notebook)).toMatchObject({ a: 'df = [1, 2]', d: 'new = 1' });
  });
});

describe('unasked', () => {
  it('the plan is carried out, and what comes of it accepted', () => {
    const page = new Page();
    ask(page);
    const events = eventsOf(CHANGES);
    page.tell(...events.slice(0, 2));
    expect(kinds(page)).toEqual(['refactor_requested', 'plan_accepted']);
    page.tell(...events.slice(2));
    expect(sourcesOf(page.notebook)).toMatchObject({ a: 'df = []', d: 'new = 1' });
    expect(page.stands?.cells).toHaveLength(2);
  });

  it('a plan that is looked at already is carried out, too', () => {
    const page = new Page();
    const events = eventsOf(CHANGES);
    page.refactors.start('tidy up');
    page.tell(...events.slice(0, 2));
    ask(page, { action: 'accept' });
    page.tell(...events.slice(2));
    expect(page.stands?.cells).toHaveLength(2);
  });

  it('nothing is accepted where something does not hold', () => {
    const page = new Page();
    ask(page);
    const failing = { name: 'parses' as const, ok: false, message: 'it does not parse', line: 1 };
    page.tell(...eventsOf([CHANGES[0]!, edit('d', 'new =', { checks: [failing] })]));
    expect(sourcesOf(page.notebook)).toMatchObject({ a: 'df = [1, 2]', d: 'old = 1' });
    expect(page.review.notices).toEqual(['not held']);
    page.refactors.tick(page.change('d'), true);
    expect(page.stands).toBeNull();
  });

  it.each([true, false])('waits for the run, if there is to be one; it holds: %s', holds => {
    const page = new Page();
    ask(page, { verify: 'run' });
    page.tell(...eventsOf(CHANGES));
    expect(page.stands).toBeNull();
    page.tell(...report(holds));
    expect(page.stands?.cells.length ?? 0).toBe(holds ? 2 : 0);
  });

  it('ends when the user stops it', () => {
    const page = new Page();
    ask(page);
    const events = eventsOf(CHANGES);
    page.tell(...events.slice(0, 3), { type: 'refactor_cancelled', ...HEAD, figures: FIGURES });
    page.tell(...events.slice(2));
    expect(page.stands).toBeNull();
  });
});
