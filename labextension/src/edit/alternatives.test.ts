import { expect, test } from 'vitest';
import type { PageFrame, TurnEvent, TurnRequested } from '../_wire';
import { type ITurnReader, TurnChannel } from '../channel/turns';
import { ChatStore } from '../chat/store';
import { Turn } from '../chat/turn';
import { Alternatives } from './alternatives';
import type { IQuestion } from './asking';
import { Spot } from './spot';
import { Suggestion } from './suggestion';

const BASE = 'x = 1';
const FIRST = 'x = 2';
const QUESTION: IQuestion = { kind: 'rewrite', instruction: 'two', extras: {}, notebook: () => 'n.ipynb' };

interface IMade {
  alternatives: Alternatives;
  spot: Spot;
  suggestion: Suggestion;
  first: Turn;
  store: ChatStore;
  asked: TurnRequested[];
  sent: PageFrame[];
  /** What the tries say: a text that is proposed, or what went wrong. */
  end: (index: number, said: { text: string } | { problem: string }) => void;
  ask: () => void;
}

function made(): IMade {
  const [asked, sent, readers]: [TurnRequested[], PageFrame[], ITurnReader[]] = [[], [], []];
  const channel = new TurnChannel(() => ({}) as WebSocket);
  channel.ask = (request, reader, others = []) => {
    asked.push(request);
    readers.push(reader, ...others);
  };
  channel.stop = turn_id => sent.push({ type: 'turn_stopped', turn_id }) > 0;
  const page = { push: () => undefined, past: () => Promise.resolve([]), storage: window.sessionStorage };
  const store = new ChatStore(channel, page);
  const alternatives = new Alternatives(store, { isBusy: 'busy', noOther: 'no other' });
  const spot = new Spot({ cells: [] }, 'c');
  const suggestion = new Suggestion(BASE);
  const first = new Turn('first', 'rewrite', 'two', 'spark', 'c');
  spot.propose(suggestion);
  suggestion.ready(FIRST);
  const end: IMade['end'] = (index, said) => {
    const reader = readers[index] as ITurnReader;
    const head = { turn_id: '', seq: 0 };
    if ('text' in said) {
      const edit = { operation: 'replace', old_source: BASE, new_source: said.text };
      reader.onEvent({ ...head, type: 'edit_ready', proposal: { edit, checks: [] } } as unknown as TurnEvent);
      reader.onEvent({ ...head, type: 'turn_finished', model: 'm', text: '', figures: null } as unknown as TurnEvent);
    } else {
      reader.onRefused({ type: 'refused', turn_id: '', code: 'c', message: said.problem });
    }
  };
  const ask = (): void => alternatives.ask(spot, QUESTION, first);
  return { alternatives, spot, suggestion, first, store, asked, sent, end, ask };
}

test('what is shown stays; each other text is offered once, with the turn that it came of', () => {
  const all = made();
  all.ask();
  expect(all.asked.map(request => [request.notebook, request.cell_id, request.others?.length])).toEqual([
    ['n.ipynb', 'c', 2]
  ]);
  expect(all.alternatives.isAsking(all.suggestion)).toBe(true);
  all.end(1, { text: 'x = 3' });
  all.end(0, { text: FIRST });
  all.end(2, { text: 'x = 3  ' });
  expect(all.suggestion.ways.map(way => way.text)).toEqual([FIRST, 'x = 3']);
  expect([all.suggestion.text, all.suggestion.shown]).toEqual([FIRST, 0]);
  expect(all.alternatives.turnOf(all.suggestion)).toBe(all.first);
  all.suggestion.walk(1);
  expect(all.alternatives.turnOf(all.suggestion)?.id).toBe(all.asked[0]?.others?.[0]);
  expect([all.alternatives.isAsking(all.suggestion), all.spot.word]).toEqual([false, '']);
});

test('more can be asked for; none of those that are there is offered again', () => {
  const all = made();
  all.ask();
  [0, 1, 2].forEach(index => all.end(index, { text: 'x = 3' }));
  all.ask();
  all.end(3, { text: 'x = 3' });
  all.end(4, { text: 'x = 4' });
  all.end(5, { text: FIRST });
  expect(all.suggestion.ways.map(way => way.text)).toEqual([FIRST, 'x = 3', 'x = 4']);
});

test('that none came is said, or why', () => {
  const same = made();
  same.ask();
  [0, 1, 2].forEach(index => same.end(index, { text: FIRST }));
  expect(same.spot.word).toBe('no other');
  const failed = made();
  failed.ask();
  [0, 1, 2].forEach(index => failed.end(index, { problem: 'The endpoint is away.' }));
  expect(failed.spot.word).toBe('The endpoint is away.');
  expect(failed.suggestion.state).toBe('ready');
});

test('while an answer is on its way in the notebook none is asked for', () => {
  const all = made();
  all.store.send({ kind: 'ask', instruction: 'why?', notebook: 'n.ipynb' });
  all.ask();
  expect(all.asked).toHaveLength(1);
  expect(all.spot.word).toBe('busy');
  expect(all.suggestion.ways).toEqual([]);
});

test('they are asked for once, and of a whole proposal only', () => {
  const all = made();
  all.ask();
  all.ask();
  expect(all.asked).toHaveLength(1);
  const early = made();
  early.suggestion.restart();
  early.ask();
  expect(early.asked).toEqual([]);
});

test('what still runs is stopped when nobody waits for it any more', () => {
  const all = made();
  all.ask();
  all.end(0, { text: 'x = 3' });
  all.alternatives.stop(all.suggestion);
  expect(all.sent).toEqual(all.asked[0]?.others?.map(turn_id => ({ type: 'turn_stopped', turn_id })));
});
