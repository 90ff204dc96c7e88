import { describe, expect, test } from 'vitest';
import type { CheckResult } from '../_wire';
import { confine, outsideOf } from './scope';
import { Suggestion } from './suggestion';

const OLD = 'import os\n\ntotal = 0\nfor x in xs:\n    total += x\nprint(total)\n# end\nclose()';
const NEW = 'import os\n\ntotal = sum(xs)\nprint(total)\n# end\nclose(True)';

function made(text = NEW): Suggestion {
  const suggestion = new Suggestion(OLD);
  for (const line of text.split('\n')) {
    suggestion.append([line]);
  }
  suggestion.ready(text);
  return suggestion;
}

describe('while it arrives', () => {
  test('it goes from waiting to ready, and tells of each step', () => {
    const suggestion = new Suggestion(OLD);
    const seen: string[] = [];
    suggestion.watch(() => seen.push(suggestion.state));
    suggestion.append(['import os']);
    suggestion.ready(NEW);
    expect(seen).toEqual(['streaming', 'ready']);
    expect(suggestion.text).toBe(NEW);
  });

  test('new words begin it anew', () => {
    const suggestion = new Suggestion(OLD);
    suggestion.append(['import sys']);
    const { round } = suggestion;
    suggestion.restart();
    expect([suggestion.state, suggestion.lines, suggestion.round > round]).toEqual(['waiting', [], true]);
    suggestion.append(['import os']);
    expect(suggestion.hunks()).toEqual([]);
  });

  test('what was stopped, failed or settled stays so', () => {
    for (const [end, state] of [
      [(one: Suggestion) => one.stop(), 'stopped'],
      [(one: Suggestion) => one.fail('No.'), 'failed'],
      [(one: Suggestion) => one.refuse(), 'refused']
    ] as const) {
      const suggestion = new Suggestion(OLD);
      end(suggestion);
      suggestion.append(['late']);
      expect([suggestion.state, suggestion.lines]).toEqual([state, []]);
    }
  });
});

describe('change by change', () => {
  test('one taken, one refused: nothing is left to judge', () => {
    const suggestion = made();
    const [first, second] = suggestion.hunks();
    expect(suggestion.hunks()).toHaveLength(2);
    const text = suggestion.withHunk(first!);
    expect(text).toBe(OLD.replace('total = 0\nfor x in xs:\n    total += x', 'total = sum(xs)'));
    suggestion.rebase(text);
    expect(suggestion.hunks()).toHaveLength(1);
    suggestion.refuseHunk(suggestion.hunks()[0]!);
    expect(second).toBeDefined();
    expect([suggestion.state, suggestion.text]).toEqual(['taken', text]);
  });

  test('all refused is refused', () => {
    const suggestion = made();
    while (suggestion.isOpen) {
      suggestion.refuseHunk(suggestion.hunks()[0]!);
    }
    expect([suggestion.state, suggestion.text]).toEqual(['refused', OLD]);
  });
});

describe('a cell that changes meanwhile', () => {
  test('what is typed elsewhere is in the proposal, too', () => {
    const suggestion = made();
    const typed = OLD.replace('import os', 'import os, sys');
    suggestion.follow(typed);
    expect([suggestion.base, suggestion.text]).toEqual([typed, NEW.replace('import os', 'import os, sys')]);
    expect(suggestion.hunks()).toHaveLength(2);
  });

  test('the same lines changed are a conflict until they are as before', () => {
    const suggestion = made();
    suggestion.follow(OLD.replace('total = 0', 'total = 1'));
    expect([suggestion.conflicts, suggestion.base, suggestion.text]).toEqual([true, OLD, NEW]);
    suggestion.follow(OLD);
    expect(suggestion.conflicts).toBe(false);
  });
});

describe('several ways', () => {
  const check = (ok: boolean): CheckResult[] => [{ name: 'parses', ok, message: '', line: null }];
  const other = NEW.replace('sum(xs)', 'math.fsum(xs)');

  test('the shown one stays, and the others can be looked at', () => {
    const suggestion = made();
    suggestion.offer([
      { text: other, checks: check(false) },
      { text: NEW, checks: check(true) }
    ]);
    expect(suggestion.shown).toBe(1);
    suggestion.choose(0);
    expect([suggestion.text, suggestion.checks[0]?.ok]).toEqual([other, false]);
  });

  test('what the user put into one is there again, and what comes later changes nothing that is shown', () => {
    const suggestion = made();
    suggestion.offer([{ text: NEW, checks: check(true), key: 'a' }]);
    suggestion.follow(OLD.replace('import os', 'import sys'));
    const shown = suggestion.text;
    suggestion.offer([...suggestion.ways, { text: other, checks: check(true), key: 'b' }]);
    expect([suggestion.shown, suggestion.text]).toEqual([0, shown]);
    const own = shown.replace('close(True)', 'close(False)');
    suggestion.revise(own);
    suggestion.walk(1);
    expect([suggestion.isEdited, suggestion.text]).toEqual([false, other.replace('import os', 'import sys')]);
    suggestion.walk(1);
    expect([suggestion.isEdited, suggestion.text, suggestion.checks]).toEqual([true, own, []]);
  });

  test('one that was made from a cell with a change in it already is the way from there', () => {
    const suggestion = made();
    const taken = suggestion.withHunk(suggestion.hunks()[0]!);
    suggestion.rebase(taken);
    const later = taken.replace('close()', 'close(2)');
    suggestion.offer([
      { text: suggestion.text, checks: [], key: 'a' },
      { text: later, checks: [], key: 'b', origin: taken }
    ]);
    suggestion.choose(1);
    expect([suggestion.text, suggestion.conflicts]).toEqual([later, false]);
  });

  test('what was typed since is kept in each of them', () => {
    const suggestion = made();
    suggestion.follow(OLD.replace('import os', 'import sys'));
    suggestion.offer([
      { text: NEW, checks: [] },
      { text: other, checks: [] }
    ]);
    suggestion.choose(1);
    expect(suggestion.text).toBe(other.replace('import os', 'import sys'));
  });
});

describe('a proposal for a selection', () => {
  test('changes elsewhere are told apart, and left out on request', () => {
    const suggestion = new Suggestion(OLD);
    suggestion.scope = { from: 2, to: 5 };
    suggestion.ready(NEW);
    expect(outsideOf(suggestion).map(hunk => hunk.oldFrom)).toEqual([7]);
    confine(suggestion);
    expect(suggestion.text).toBe(NEW.replace('close(True)', 'close()'));
    expect(outsideOf(suggestion)).toEqual([]);
  });

  test('the selection stays on its lines while others are typed above', () => {
    const suggestion = new Suggestion(OLD);
    suggestion.scope = { from: 2, to: 5 };
    suggestion.ready(NEW);
    suggestion.follow(`# typed\n# above\n${OLD}`);
    expect(suggestion.scope).toEqual({ from: 4, to: 7 });
    expect(outsideOf(suggestion)).toHaveLength(1);
  });

  test('lines put in right beside the selection are not elsewhere', () => {
    const suggestion = new Suggestion('a\nb\nc');
    suggestion.scope = { from: 1, to: 2 };
    suggestion.ready('a\nnew\nb\nmore\nc');
    expect(outsideOf(suggestion)).toEqual([]);
  });
});
