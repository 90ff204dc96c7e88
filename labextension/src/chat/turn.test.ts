import { expect, test, vi } from 'vitest';
import { liveLine } from './figures';
import { Turn } from './turn';

function watched(turn: Turn): string[] {
  const log: string[] = [];
  turn.watch({
    onStream: () => log.push('stream'),
    onRestart: () => log.push('restart'),
    onChange: () => log.push('change')
  });
  return log;
}

test('new words make what was said before void', () => {
  const turn = new Turn('t', 'ask', 'why?', 'spark');
  const log = watched(turn);
  turn.onWords('Because');
  turn.notices.push('shorter');
  turn.onEvent({ type: 'turn_steered', turn_id: 't', seq: 3, words: 'shorter', in_place: false });
  turn.onWords('So');
  expect(turn.text).toBe('So');
  expect(turn.steered).toEqual(['shorter']);
  expect(turn.notices).toEqual([]);
  expect(log).toContain('restart');
  expect(turn.receivedChars).toBe('BecauseSo'.length);
});

test('speed is told as the page sees it', () => {
  vi.useFakeTimers();
  const turn = new Turn('t', 'ask', 'why?', 'spark');
  expect(liveLine(turn, turn.askedAt + 80)).toBe('80 ms');
  vi.advanceTimersByTime(100);
  turn.onWords('x'.repeat(4000));
  const first = turn.firstAt ?? 0;
  expect(liveLine(turn, first + 10)).toBe('100 ms');
  expect(liveLine(turn, first + 1000)).toBe(`100 ms · ≈ ${(1000).toLocaleString()} tok/s`);
  vi.useRealTimers();
});
