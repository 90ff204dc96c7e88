import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Refused, TurnEvent, TurnRequested } from '../_wire';
import { PAGE_VERSION } from './channel';
import { TurnChannel, type ITurnReader } from './turns';

class FakeSocket {
  static all: FakeSocket[] = [];
  sent: { type: string; [key: string]: unknown }[] = [];
  onopen: () => void = () => undefined;
  onmessage: (message: { data: string }) => void = () => undefined;
  onclose: () => void = () => undefined;

  constructor() {
    FakeSocket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text) as { type: string });
  }
  close(): void {
    this.onclose();
  }
  tell(...frames: unknown[]): void {
    this.onmessage({ data: JSON.stringify(frames) });
  }
  welcome(version = PAGE_VERSION): void {
    this.onopen();
    this.tell({ type: 'welcome', version });
  }
}

class Reader implements ITurnReader {
  log: unknown[] = [];
  onWords(text: string): void {
    this.log.push(text);
  }
  onLines(lines: string[]): void {
    this.log.push(lines);
  }
  onEvent(event: TurnEvent): void {
    this.log.push(event.type);
  }
  onRefused(why: Refused): void {
    this.log.push(why.message);
  }
  onLost(): void {
    this.log.push('lost');
  }
}

const request = (turnId: string): TurnRequested => ({
  type: 'turn_requested',
  turn_id: turnId,
  notebook: 'a.ipynb',
  conversation_id: 'c',
  kind: 'ask',
  instruction: 'why?'
});
const end = { type: 'turn_finished', turn_id: 't', seq: 9 };

let channel: TurnChannel;
let states: string[];
const socket = (): FakeSocket => FakeSocket.all[FakeSocket.all.length - 1] as FakeSocket;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  states = [];
  channel = new TurnChannel(() => new FakeSocket() as unknown as WebSocket);
  channel.onStateChanged = state => states.push(state);
  channel.open();
});
afterEach(() => vi.useRealTimers());

test('a turn from its request to its end', () => {
  const reader = new Reader();
  socket().welcome();
  channel.ask(request('t'), reader);
  socket().tell({ type: 'turn_numbered', turn_id: 't', number: 1 }, [1, 1, 'Be'], [1, 3, 'cause'], [1, 4, ['a', 'b']]);
  socket().tell({ type: 'turn_news', number: 1, position: 5, event: end }, [1, 6, 'never']);
  expect(reader.log).toEqual(['Be', 'cause', ['a', 'b'], 'turn_finished']);
  expect(socket().sent.map(frame => frame.type)).toEqual(['hello', 'turn_requested']);
});

test('a turn that is asked for before there is a connection', () => {
  channel.ask(request('t'), new Reader());
  expect(socket().sent).toEqual([]);
  socket().welcome();
  expect(socket().sent.map(frame => frame.type)).toEqual(['hello', 'turn_requested']);
});

test('after a break a turn goes on where it was', () => {
  const reader = new Reader();
  socket().welcome();
  channel.ask(request('t'), reader);
  socket().tell({ type: 'turn_numbered', turn_id: 't', number: 1 }, [1, 7, 'half']);
  socket().close();
  expect(states).toEqual(['open', 'connecting']);
  vi.advanceTimersByTime(250);
  socket().welcome();
  expect(socket().sent[1]).toEqual({ type: 'turn_joined', turn_id: 't', position: 7 });
  // Numbers belong to a connection: the old one means nothing now.
  socket().tell([1, 8, 'stray'], { type: 'turn_numbered', turn_id: 't', number: 1 }, [1, 8, ' an hour']);
  expect(reader.log).toEqual(['half', ' an hour']);
  socket().close();
  vi.advanceTimersByTime(10_000);
  socket().welcome();
  socket().tell({ type: 'turn_lost', turn_id: 't' });
  expect(reader.log.pop()).toBe('lost');
});

test('alternatives that the server has not heard of come with the turn they were asked with', () => {
  const readers = [new Reader(), new Reader()] as const;
  channel.ask({ ...request('t'), others: ['u'] }, readers[0], [readers[1]]);
  const first = FakeSocket.all[0] as FakeSocket;
  first.welcome();
  expect(first.sent.slice(1).map(frame => [frame.type, frame.turn_id])).toEqual([['turn_requested', 't']]);
  first.tell({ type: 'turn_numbered', turn_id: 't', number: 1 }, { type: 'turn_numbered', turn_id: 'u', number: 2 });
  first.tell([2, 1, 'hers'], [1, 1, 'his']);
  expect(readers.map(reader => reader.log)).toEqual([['his'], ['hers']]);
  first.onclose();
  vi.advanceTimersByTime(1000);
  const second = FakeSocket.all[1] as FakeSocket;
  second.welcome();
  expect(second.sent.slice(1).map(frame => [frame.type, frame.turn_id])).toEqual([
    ['turn_joined', 't'],
    ['turn_joined', 'u']
  ]);
});

test('what became of an edit is told as soon as there is a connection', () => {
  const about = { turn_id: 't', proposal_id: 'p', notebook: 'n', cell_id: 'a', operation: 'replace' } as const;
  channel.judge({ type: 'edit_judged', ...about, outcome: 'taken', before: 'x', after: 'y' });
  const first = FakeSocket.all[0] as FakeSocket;
  first.welcome();
  expect(first.sent.slice(1).map(frame => frame.type)).toEqual(['edit_judged']);
});

test('a server that stays away is asked less and less often', () => {
  for (let tries = 0; tries < 10; tries++) {
    socket().close();
    vi.advanceTimersByTime(8000);
  }
  const made = FakeSocket.all.length;
  expect(made).toBe(11);
  socket().close();
  vi.advanceTimersByTime(7999);
  expect(FakeSocket.all.length).toBe(made);
});

test('a server of another version ends it', () => {
  socket().welcome(99);
  expect(states).toEqual(['outdated']);
  vi.advanceTimersByTime(60_000);
  expect(FakeSocket.all.length).toBe(1);
  expect(channel.send({ type: 'hello', version: 1 })).toBe(false);
});

test('a request that is refused', () => {
  const reader = new Reader();
  socket().welcome();
  channel.ask(request('t'), reader);
  socket().tell({ type: 'refused', turn_id: 't', code: 'usage', message: 'No words.', hint: '' });
  expect(reader.log).toEqual(['No words.']);
});
