import { expect, test } from 'vitest';
import type { Proposal, TurnEvent } from '../_wire';
import { Turn } from '../chat/turn';
import type { IFailure } from './failure';
import { Prefetch } from './prefetch';

const failure = (source: string, message = 'why'): IFailure => ({
  cellId: 'a',
  source,
  report: { name: 'KeyError', message, traceback: '' }
});
const BROKEN = failure('x');

function made(): { prefetch: Prefetch; stopped: Turn[]; begin: (place: string, failure: IFailure) => Turn } {
  const stopped: Turn[] = [];
  const prefetch = new Prefetch(turn => void stopped.push(turn));
  let last: Turn;
  const begin = (place: string, failure: IFailure): Turn => {
    prefetch.begin(place, failure, () => (last = new Turn(place, 'fix', '', 'spark', 'a')));
    return last;
  };
  return { prefetch, stopped, begin };
}

function finish(turn: Turn): void {
  const head = { turn_id: turn.id, seq: 1 };
  turn.onEvent({ ...head, type: 'edit_ready', proposal: {} as Proposal });
  turn.onEvent({ ...head, type: 'turn_finished', model: 'm', text: '' } as unknown as TurnEvent);
}

test('a fix is there from its first line to its click, and then is the clicker’s', () => {
  const { prefetch, begin, stopped } = made();
  const turn = begin('p', BROKEN);
  expect(prefetch.state('p')).toBe('running');
  finish(turn);
  expect(prefetch.state('p')).toBe('ready');
  expect(prefetch.take('p', failure('x'))).toBe(turn);
  expect(prefetch.state('p')).toBe('none');
  expect(prefetch.take('p', BROKEN)).toBeNull();
  expect(stopped).toEqual([]);
});

test('the newest error counts: what runs for an older one is stopped, what has ended stays', () => {
  const { prefetch, begin, stopped } = made();
  finish(begin('done', BROKEN));
  const older = begin('older', BROKEN);
  begin('newer', BROKEN);
  expect(stopped).toEqual([older]);
  expect(['done', 'older', 'newer'].map(place => prefetch.state(place))).toEqual(['ready', 'none', 'running']);
});

test('the same failure is asked about once', () => {
  const { begin, stopped } = made();
  const turn = begin('p', BROKEN);
  expect(begin('p', failure('x'))).toBe(turn);
  expect(stopped).toEqual([]);
});

test.each([
  ['another text', failure('y')],
  ['another error', failure('x', 'other')],
  ['no error', null]
])('a fix is let go with %s', (_, now) => {
  const { prefetch, begin, stopped } = made();
  const turn = begin('p', BROKEN);
  prefetch.keep('p', BROKEN);
  expect(stopped).toEqual([]);
  prefetch.keep('p', now);
  expect(stopped).toEqual([turn]);
  expect(prefetch.state('p')).toBe('none');
});

test('what is no fix for the failure that was clicked is not shown', () => {
  const { prefetch, begin, stopped } = made();
  const turn = begin('p', BROKEN);
  expect(prefetch.take('p', failure('y'))).toBeNull();
  expect(stopped).toEqual([turn]);
});

test('a turn that brought nothing leaves nothing, so that a click asks anew', () => {
  const { prefetch, begin } = made();
  const turn = begin('p', BROKEN);
  let told = 0;
  prefetch.watch(() => told++);
  turn.onRefused({ type: 'refused', turn_id: 'p', code: 'x', message: 'no', hint: '' });
  expect(prefetch.take('p', BROKEN)).toBeNull();
  expect(told).toBeGreaterThan(0);
});

test('switched off, all is let go', () => {
  const { prefetch, begin, stopped } = made();
  finish(begin('done', BROKEN));
  const running = begin('p', BROKEN);
  prefetch.clear();
  expect(stopped).toEqual([running]);
  expect([prefetch.state('done'), prefetch.state('p')]).toEqual(['none', 'none']);
});
