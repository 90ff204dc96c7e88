import { expect, test } from 'vitest';
import type { PageFrame, PastConversation, PastTurn } from '../_wire';
import { TurnChannel } from '../channel/turns';
import { recalled } from './recall';
import { ChatStore } from './store';

const FIGURES = { first_token_s: null, total_s: 0, tokens_per_s: null, usage: null, cost_usd: null };

function past(id: string, status: PastTurn['status'], text = ''): PastTurn {
  const base = { created_at_s: 0, kind: 'ask', tier: 'spark', profile: 'p', model: 'm', error: '' } as const;
  const edit = { proposals: [], outcome: 'open', taken_cell_id: null, group_id: null } as const;
  const rest = { figures: FIGURES, ...edit } as unknown as PastTurn;
  return { ...rest, ...base, turn_id: id, instruction: `about ${id}`, status, text };
}

function made(kept: PastConversation[] = []): { store: ChatStore; sent: PageFrame[]; pushed: string[] } {
  const sent: PageFrame[] = [];
  const pushed: string[] = [];
  const channel = new TurnChannel(() => ({}) as WebSocket);
  channel.ask = request => void sent.push(request);
  channel.join = turn_id => void sent.push({ type: 'turn_joined', turn_id });
  channel.steer = (turn_id, words) => sent.push({ type: 'turn_steered', turn_id, words }) > 0;
  const store = new ChatStore(channel, {
    push: notebook => void pushed.push(notebook),
    past: () => Promise.resolve(kept),
    storage: window.sessionStorage
  });
  return { store, sent, pushed };
}

const conversation = (...turns: PastTurn[]): PastConversation => ({
  conversation_id: 'c',
  notebook: 'n.ipynb',
  title: '',
  changed_at_s: 0,
  turns
});
const settled = (): Promise<void> => new Promise(done => window.setTimeout(done));

test('after a reload the latest conversation is there, and a turn that runs is joined', async () => {
  const { store, sent } = made([conversation(past('a', 'finished', 'yes'), past('b', 'running', 'half'))]);
  store.show('n.ipynb');
  await settled();
  expect(store.current?.id).toBe('c');
  expect(store.current?.turns.map(turn => [turn.text, turn.state])).toEqual([
    ['yes', 'done'],
    ['', 'waiting']
  ]);
  expect(sent).toEqual([{ type: 'turn_joined', turn_id: 'b' }]);
});

test('a conversation that was begun meanwhile is not replaced', async () => {
  const { store } = made([conversation(past('a', 'finished'))]);
  store.show('n.ipynb');
  store.send({ kind: 'ask', instruction: 'new' });
  await settled();
  expect(store.current?.turns.map(turn => turn.instruction)).toEqual(['new']);
});

test('an interrupted turn keeps what had arrived', async () => {
  const { store, sent } = made([conversation(past('a', 'interrupted', 'half'))]);
  store.show('n.ipynb');
  await settled();
  expect([store.current?.turns[0]?.state, store.current?.turns[0]?.text]).toEqual(['interrupted', 'half']);
  expect(sent).toEqual([]);
});

test('a renamed notebook keeps its conversation', () => {
  const { store } = made();
  store.show('n.ipynb');
  store.send({ kind: 'ask', instruction: 'x' });
  store.rename('n.ipynb', 'm.ipynb');
  store.show('m.ipynb');
  expect(store.current?.turns).toHaveLength(1);
  expect(store.current?.notebook).toBe('m.ipynb');
});

test('a turn is sent with its tier and its context after the cells, and retried with the same', () => {
  const { store, sent, pushed } = made();
  store.show('n.ipynb');
  store.send({ kind: 'explain', instruction: '', cellId: 'a', tier: 'deep', extras: { cell_id: 'a', files: ['f'] } });
  expect(pushed).toEqual(['n.ipynb']);
  expect(sent[0]).toMatchObject({ kind: 'explain', tier: 'deep', cell_id: 'a', files: ['f'] });
  const turn = store.current?.turns[0];
  turn?.onLost();
  if (turn) {
    store.retry(turn);
  }
  expect(sent[1]).toMatchObject({ kind: 'explain', tier: 'deep', files: ['f'], again: true });
});

test('what was asked in a cell and is asked again here is shown here', () => {
  const { store } = made();
  store.show('n.ipynb');
  const turn = store.send({ kind: 'rewrite', instruction: 'x', cellId: 'a', isInCell: true });
  turn?.onLost();
  if (turn) {
    store.retry(turn);
  }
  expect(store.current?.turns.map(one => one.isInCell)).toEqual([true, false]);
  store.current?.turns[1]?.onLost();
  if (turn) {
    store.alternatives(turn);
  }
  expect(store.current?.turns[2]?.ways?.turns.map(one => one.isInCell)).toEqual([false, false, false]);
});

test('words that cannot be told to the server are not taken for said', () => {
  const { store } = made();
  store.show('n.ipynb');
  const turn = store.send({ kind: 'ask', instruction: 'x' });
  store.setDraft('no, y');
  store.channel.steer = () => false;
  expect(turn && store.steer(turn, 'no, y')).toBe(false);
  expect(store.current?.draft).toBe('no, y');
  store.channel.steer = () => true;
  expect(turn && store.steer(turn, 'no, y')).toBe(true);
  expect(store.current?.draft).toBe('');
});

test('Up walks back through what was said, Down forward; own words are left alone', () => {
  const { store } = made();
  store.show('n.ipynb');
  for (const words of ['one', 'two']) {
    store.send({ kind: 'ask', instruction: words });
    store.current?.turns[store.current.turns.length - 1]?.onLost();
  }
  const at = store.current;
  expect(recalled(at, '', 0, 1)).toEqual({ text: 'two', back: 1 });
  expect(recalled(at, 'two', 1, 1)).toEqual({ text: 'one', back: 2 });
  expect(recalled(at, 'one', 2, 1)).toBeNull();
  expect(recalled(at, 'two', 1, -1)).toEqual({ text: '', back: 0 });
  expect(recalled(at, 'two changed', 1, 1)).toBeNull();
  expect(recalled(at, 'mine', 0, 1)).toBeNull();
});

test('alternatives are one entry with a turn for each way, asked in one go and stopped in one', () => {
  const { store, sent } = made();
  const stopped: string[] = [];
  store.channel.stop = id => stopped.push(id) > 0;
  store.show('n.ipynb');
  store.send({ kind: 'rewrite', instruction: 'x', cellId: 'a' });
  const first = store.current?.turns[0];
  first?.onLost();
  if (first) {
    store.alternatives(first);
  }
  expect(store.current?.turns).toHaveLength(2);
  const ways = store.current?.turns[1]?.ways;
  const ids = ways?.turns.map(turn => turn.id) ?? [];
  expect(sent[1]).toMatchObject({ kind: 'rewrite', cell_id: 'a', turn_id: ids[0], others: ids.slice(1) });
  ways?.turns[0]?.onLost();
  store.stop();
  expect(stopped).toEqual(ids.slice(1));
  ways?.turns.forEach(turn => turn.onLost());
  expect(store.current?.running).toBeNull();
});
