import { describe, expect, it } from 'vitest';
import type { CellVerification, NotebookCheck, VerificationReport } from '../_wire';
import { doubtfulGroups, ReviewedChange } from './change';
import { changeOf, LATE, proposalOf } from './fixtures';
import { findingsOf, marksOf, verdictKind } from './labels';
import { Review } from './review';

describe('what is not taken unasked', () => {
  it('is the cause of what does not hold in a cell that no change is about', () => {
    const changes = [changeOf('move', 'b', { below: 'd' }), changeOf('edit', 'a', {}), changeOf('edit', 'c', {})];
    expect(doubtfulGroups(proposalOf(changes, { checks: [LATE] }))).toEqual(new Set(['move-b']));
    const review = new Review('r', 'tidy up');
    review.checks = [LATE];
    const told = changes.map(change => findingsOf(new ReviewedChange(change), review));
    expect(told).toEqual([[LATE.message], [], []]);
  });

  it('is what is about the cell where the cause is not known', () => {
    const unknown = { ...LATE, groups: [] };
    const proposal = proposalOf([changeOf('edit', 'c', {}), changeOf('edit', 'a', {})], { checks: [unknown] });
    expect(doubtfulGroups(proposal)).toEqual(new Set(['edit-c']));
  });

  it('is nothing where every check holds', () => {
    const held: NotebookCheck = { ...LATE, ok: true };
    expect(doubtfulGroups(proposalOf([changeOf('move', 'b', {})], { checks: [held] })).size).toBe(0);
  });
});

describe('a mark that the output may change', () => {
  const why = "'df.head()', at its end, is not shown any more.";
  const change = changeOf('edit', 'c', { may_differ: [why] });

  it('stands until a run has told, and holds nothing back', () => {
    const review = new Review('r', 'tidy up');
    const one = new ReviewedChange(change);
    expect(marksOf(one, review)).toEqual([why]);
    expect(doubtfulGroups(proposalOf([change])).size).toBe(0);
    const cells = [{ verdict: 'same', before_ids: ['c'], after_ids: ['c'] }] as CellVerification[];
    const report = { cells } as VerificationReport;
    review.verification = { isRunning: false, progress: [], report, problem: '', isOld: false };
    expect(marksOf(one, review)).toEqual([]);
    review.verification = { ...review.verification, isOld: true };
    expect(marksOf(one, review)).toEqual([why]);
  });
});

describe('a verdict', () => {
  it('of a cell that fails before and after is no proof', () => {
    const kinds = (['same', 'still_fails', 'newly_fails', 'not_run'] as const).map(verdict =>
      verdictKind({ verdict } as CellVerification)
    );
    expect(kinds).toEqual(['ok', 'look', 'bad', 'bad']);
  });
});
