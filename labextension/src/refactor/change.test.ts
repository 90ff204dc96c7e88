import { describe, expect, it } from 'vitest';
import type { CellVerification, NotebookCheck } from '../_wire';
import { doubtfulGroups, ReviewedChange } from './change';
import { changeOf, LATE, proposalOf } from './fixtures';
import { findingsOf, verdictKind } from './labels';
import { Review } from './review';

describe('what is not taken unasked', () => {
  it('is the cause of what does not hold in a cell that no change is about', () => {
    const changes = [changeOf('move', 'b', { below: 'd' }), changeOf('edit', 'a', {})];
    expect(doubtfulGroups(proposalOf(changes, { checks: [LATE] }))).toEqual(new Set(['move-b']));
    const review = new Review('r', 'tidy up');
    review.checks = [LATE];
    const told = changes.map(change => findingsOf(new ReviewedChange(change), review));
    expect(told).toEqual([[LATE.message], []]);
  });

  it('is nothing where every check holds', () => {
    const held: NotebookCheck = { ...LATE, ok: true };
    expect(doubtfulGroups(proposalOf([changeOf('move', 'b', {})], { checks: [held] })).size).toBe(0);
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
