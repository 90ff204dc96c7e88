import { expect, test } from 'vitest';
import type { EditJudged, PastTurn, Proposal } from '../_wire';
import { turnsOf } from './conversation';
import { Turn } from './turn';
import { type IJudged, Verdicts } from './verdicts';
import { Ways } from './ways';

function proposal(id: string, source: string, ok = true): Proposal {
  const edit = { cell_id: 'a', operation: 'replace', old_source: 'x', new_source: source, base_hash: '' } as const;
  const checks = [{ name: 'parses', ok, message: ok ? '' : 'It does not parse.', line: null }] as const;
  return { proposal_id: `p-${id}`, turn_id: id, edit, checks: [...checks], repaired: false, words: '', refused: false };
}

const head = (turn: Turn): { turn_id: string; seq: number } => ({ turn_id: turn.id, seq: 1 });

function end(turn: Turn, source: string | null, ok = true): void {
  if (source === null) {
    turn.onLost();
    return;
  }
  turn.onEvent({ type: 'edit_ready', ...head(turn), proposal: proposal(turn.id, source, ok) });
  const figures = { first_token_s: null, total_s: 0, tokens_per_s: null, usage: null, cost_usd: null };
  turn.onEvent({ type: 'turn_finished', ...head(turn), model: 'm', figures, text: '', proposal: null } as never);
}

const made = (): [Ways, Turn[]] => {
  const turns = ['1', '2', '3'].map(id => new Turn(id, 'rewrite', 'shorter', 'spark', 'a'));
  return [new Ways(turns), turns];
};

test('the first that holds is shown, and those that came to the same are one', () => {
  const [ways, [one, two, three]] = made() as [Ways, [Turn, Turn, Turn]];
  expect(ways.shown).toBe(one);
  end(one, 'broken(', false);
  end(three, 'b = 1');
  expect(ways.shown).toBe(three);
  expect(ways.offered).toHaveLength(3); // nothing moves while one is still on its way
  end(two, 'b = 1  \n');
  expect(ways.ended).toBe(true);
  expect(ways.offered.map(way => [way.turn.id, way.count])).toEqual([
    ['2', 2],
    ['1', 1]
  ]);
});

test('the choice of the reader stays, also when its text goes under another', () => {
  const [ways, [one, two, three]] = made() as [Ways, [Turn, Turn, Turn]];
  ways.step(-1);
  expect(ways.shown).toBe(three);
  end(one, 'b = 1');
  end(two, 'c = 1');
  end(three, 'c = 1');
  expect(ways.shown).toBe(two);
  expect(ways.index).toBe(1);
  ways.step(1);
  expect([ways.index, ways.shown]).toEqual([0, one]);
});

test('a try that came to nothing is left out, unless all did', () => {
  const [ways, [one, two, three]] = made() as [Ways, [Turn, Turn, Turn]];
  end(one, null);
  end(two, 'b = 1');
  end(three, null);
  expect(ways.offered.map(way => way.turn)).toEqual([two]);
  const [lost, turns] = made();
  turns.forEach(turn => end(turn, null));
  expect(lost.offered.map(way => way.turn)).toEqual(turns);
});

function past(id: string, group: string | null, outcome: PastTurn['outcome'] = 'open'): PastTurn {
  const figures = { first_token_s: null, total_s: 0, tokens_per_s: null, usage: null, cost_usd: null };
  const base = { created_at_s: 0, kind: 'rewrite', tier: 'spark', profile: 'p', model: 'm', error: '' } as const;
  const rest = { ...base, figures, instruction: 'x', status: 'finished', text: '' } as unknown as PastTurn;
  const taken_cell_id = outcome === 'taken' ? 'a' : null;
  return { ...rest, turn_id: id, proposals: [proposal(id, id)], group_id: group, outcome, taken_cell_id };
}

test('after a reload alternatives stand together again', () => {
  const turns = turnsOf([past('q', null), past('1', '1'), past('2', '1'), past('r', null)]);
  expect(turns.map(turn => turn.id)).toEqual(['q', '1', 'r']);
  expect(turns[1]?.ways?.turns.map(turn => turn.id)).toEqual(['1', '2']);
  expect(turns[0]?.ways).toBeNull();
});

test('every act is told, and the journal is believed where the page knows nothing', () => {
  const told: EditJudged[] = [];
  const verdicts = new Verdicts(frame => told.push(frame));
  const act: IJudged = {
    turn_id: 't',
    proposal_id: 'p',
    notebook: 'n',
    cell_id: 'a',
    operation: 'replace',
    before: 'x',
    after: 'y'
  };
  verdicts.taken(act);
  expect(verdicts.of('p')).toEqual({ standing: 'accepted', cellId: 'a' });
  verdicts.takenBack(act, true);
  expect(verdicts.of('p').standing).toBe('accepted');
  verdicts.takenBack(act);
  expect(verdicts.of('p').standing).toBe('undone');
  verdicts.held('p');
  verdicts.refused(act);
  expect(told.map(frame => frame.outcome)).toEqual(['taken', 'taken_back', 'taken_back', 'refused']);
  verdicts.takeUp(past('k', null, 'taken'));
  expect(verdicts.of('p-k')).toEqual({ standing: 'accepted', cellId: 'a' });
  expect(verdicts.of('unknown').standing).toBe('open');
});

test('a second opinion is no replacement, and words that came instead of code are kept', () => {
  const turn = new Turn('t', 'rewrite', 'shorter', 'spark', 'a');
  end(turn, 'b = 1');
  const figures = turn.figures as never;
  const second = { proposal: proposal('d', 'c = 1'), tier: 'deep', model: 'deeper', figures } as const;
  turn.onEvent({ type: 'proposal_offered', ...head(turn), ...second });
  expect(turn.proposal?.proposal_id).toBe('p-t');
  expect(turn.second?.model).toBe('deeper');
  const failed = new Turn('f', 'rewrite', 'shorter', 'spark', 'a');
  const why = { code: 'no_code', message: 'No code came.', hint: '', text: 'I would not.', figures } as const;
  failed.onEvent({ type: 'turn_failed', ...head(failed), ...why });
  expect([failed.state, failed.text]).toEqual(['failed', 'I would not.']);
});
