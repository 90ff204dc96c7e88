import { expect, test } from 'vitest';
import type { CellTurn, EditJudged, KernelFrame, MagicFrame, ReviewAsked, TurnEvent } from '../_wire';
import type { IJudged } from '../chat/verdicts';
import { Suggestion } from '../edit/suggestion';
import type { IEditMaker } from '../tokens';
import { CellTurns, type ICells } from './cellturns';

const BASE = '%%spark two\nvalue = 1';
const NEW = 'value = 2';
const TOLD: CellTurn = {
  type: 'cell_turn',
  turn_id: 't',
  number: 7,
  cell_id: 'c',
  base: BASE,
  instruction: 'two',
  tier: 'spark'
};
const ASKED: ReviewAsked = {
  type: 'review_asked',
  request_id: 'q',
  action: 'begin',
  instruction: 'tidy up',
  tier: 'spark',
  profile: null,
  verify: 'static',
  plan: null,
  unasked: false,
  refactor_id: ''
};
const HEAD = { turn_id: 't', seq: 0 };
const READY = { ...HEAD, type: 'edit_ready', proposal: { edit: { new_source: NEW }, checks: [] } };
const FINISHED = { ...HEAD, type: 'turn_finished', model: 'm', text: '', figures: null, proposal: null };
const JUDGED: IJudged = {
  turn_id: 't',
  proposal_id: 'p',
  notebook: 'n',
  cell_id: 'c',
  operation: 'replace',
  before: BASE,
  after: NEW
};

function news(event: object): KernelFrame {
  return { type: 'turn_news', number: 7, position: 1, event: event as TurnEvent };
}

interface IMade {
  turns: CellTurns;
  sent: MagicFrame[];
  judged: EditJudged[];
  again: string[];
  state: { source: string | null; isConnected: boolean; review: ICells['review'] };
  shown: { suggestion: Suggestion; maker: IEditMaker }[];
}

function made(): IMade {
  const state: IMade['state'] = { source: BASE, isConnected: true, review: () => null };
  const [sent, judged, again, shown]: [MagicFrame[], EditJudged[], string[], IMade['shown']] = [[], [], [], []];
  const cells = {
    open: (told: CellTurn, maker: IEditMaker): Suggestion | null => {
      if (state.source === null) {
        return null;
      }
      const suggestion = new Suggestion(told.base);
      shown.push({ suggestion, maker });
      return suggestion;
    },
    source: () => state.source,
    retry: (told: CellTurn) => void again.push(told.cell_id),
    notebook: () => 'n.ipynb',
    onActivity: () => undefined,
    judge: (frame: EditJudged) => void judged.push(frame),
    review: (asked: ReviewAsked) => state.review(asked)
  };
  const send = (frame: MagicFrame): boolean => state.isConnected && sent.push(frame) > 0;
  return { turns: new CellTurns(cells, send, { gone: 'gone', again: 'again' }), sent, judged, again, state, shown };
}

/** What the editing does with a turn. */
function feed({ shown }: IMade): void {
  const { suggestion, maker } = shown[shown.length - 1] as IMade['shown'][number];
  const proposal = maker.turn.proposal;
  suggestion.append(maker.turn.lines);
  if (proposal) {
    suggestion.ready(proposal.edit.new_source);
  }
}

test('the lines of a turn arrive under its number, and its end is answered', () => {
  const all = made();
  all.turns.take([TOLD, [7, 1, ['value = 2']], [8, 1, ['of another']]]);
  expect(all.shown[0]?.maker.turn.lines).toEqual(['value = 2']);
  expect(all.sent).toEqual([]);
  all.turns.take([news(READY)]);
  feed(all);
  all.turns.take([news(FINISHED)]);
  expect(all.sent).toEqual([{ type: 'turn_shown', turn_id: 't', shown: true }]);
});

test('a cell that never was cannot show it', () => {
  const all = made();
  all.state.source = null;
  all.turns.take([TOLD]);
  expect(all.sent).toEqual([{ type: 'turn_shown', turn_id: 't', shown: false }]);
});

test('a cell that is deleted in mid-turn keeps what comes, in case it comes back', () => {
  const all = made();
  all.turns.take([TOLD, [7, 1, ['value = 2']]]);
  all.state.source = null;
  all.turns.take([news(READY)]);
  feed(all);
  all.turns.take([news(FINISHED)]);
  expect(all.sent).toEqual([{ type: 'turn_shown', turn_id: 't', shown: true }]);
  expect(all.shown[0]?.suggestion.state).toBe('ready');
});

test('a cell that holds the new text already has nothing to judge', () => {
  const all = made();
  all.state.source = NEW;
  all.turns.take([TOLD, news(READY), news(FINISHED)]);
  expect(all.sent).toEqual([{ type: 'turn_shown', turn_id: 't', shown: false }]);
  expect(all.shown[0]?.suggestion.isOpen).toBe(false);
});

test('a turn without an edit is not answered', () => {
  const all = made();
  all.turns.take([TOLD, news({ ...HEAD, type: 'turn_failed', message: 'm', hint: '', text: '', figures: null })]);
  expect(all.sent).toEqual([]);
  expect(all.shown[0]?.maker.turn.problem).toBe('m');
});

test('what the user does goes to the kernel; when it is gone, to the server', () => {
  const all = made();
  all.turns.take([TOLD, news(READY)]);
  const { maker } = all.shown[0] as IMade['shown'][number];
  maker.stop();
  maker.say('no, three');
  maker.retry();
  maker.verdicts.taken(JUDGED);
  expect(all.sent.map(frame => frame.type)).toEqual(['turn_stopped', 'words_said', 'edit_judged']);
  expect(all.again).toEqual(['c']);
  expect(all.judged).toEqual([]);
  all.state.isConnected = false;
  maker.verdicts.takenBack(JUDGED);
  expect(all.judged).toEqual([{ type: 'edit_judged', outcome: 'taken_back', ...JUDGED }]);
});

test('what is judged is settled once', () => {
  const all = made();
  all.turns.take([TOLD, news(READY)]);
  feed(all);
  all.turns.take([news(FINISHED)]);
  all.shown[0]?.suggestion.take();
  all.shown[0]?.suggestion.changed();
  expect(all.sent.filter(frame => frame.type === 'turn_settled')).toHaveLength(1);
});

test('what the kernel withdraws is closed, and nothing is said of it', () => {
  const all = made();
  all.turns.take([TOLD, { type: 'turn_withdrawn', turn_id: 'other' }]);
  expect(all.shown[0]?.suggestion.isOpen).toBe(true);
  all.turns.take([{ type: 'turn_withdrawn', turn_id: 't' }]);
  expect(all.shown[0]?.suggestion.isOpen).toBe(false);
  expect(all.sent).toEqual([]);
});

test('when the kernel goes, what ran has failed and what is whole stays', () => {
  const all = made();
  const other = { ...TOLD, turn_id: 'u', number: 8, cell_id: 'd' };
  all.turns.take([TOLD, news(READY), news(FINISHED), other]);
  all.turns.lost();
  expect(all.shown.map(({ maker }) => maker.turn.state)).toEqual(['done', 'failed']);
  expect(all.shown[1]?.maker.turn.problem).toBe('gone');
});

test.each([
  ['without a review tab', () => null, { shown: false, said: '', problem: '' }],
  [
    'with one',
    () => Promise.resolve({ said: 'See the tab', problem: '', hint: '' }),
    { shown: true, said: 'See the tab', problem: '' }
  ],
  ['that fails', () => Promise.reject(new Error('gone')), { shown: true, said: '', problem: 'Error: gone' }]
])('a refactor that the cell asks for is answered %s', async (_name, answer, told) => {
  const all = made();
  all.state.review = answer;
  all.turns.take([{ ...ASKED }]);
  await new Promise(resolve => setTimeout(resolve));
  expect(all.sent).toMatchObject([{ type: 'review_answered', request_id: 'q', ...told }]);
});
