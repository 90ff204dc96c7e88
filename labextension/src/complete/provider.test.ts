import { beforeEach, expect, test, vi } from 'vitest';
import type { CompletionEnded, PageFrame } from '../_wire';
import type { CompletionMode, ICaret, ISurroundings } from './caret';
import { Completions } from './completions';
import { type IPlace, SparkInlineProvider } from './provider';

type Request = Parameters<SparkInlineProvider['fetch']>[0];
type Context = Parameters<SparkInlineProvider['fetch']>[1];

class Place implements IPlace {
  text = 'x = ';
  at = 4;
  odd: Partial<ISurroundings> = {};
  caret(): ICaret {
    return { notebook: 'n', cellId: 'c', before: this.text.slice(0, this.at), after: this.text.slice(this.at) };
  }
  surroundings(): ISurroundings {
    const plain = { isCode: true, isReadOnly: false, hasSelection: false, hasPopup: false, hasOtherCells: true };
    return { ...plain, tags: [], ...this.odd };
  }
  isAt(request: Request): boolean {
    return request.text === this.text && request.offset === this.at;
  }
  watch(moved: (hasFocus: boolean) => void): () => void {
    this.watchers.add(moved);
    return () => this.watchers.delete(moved);
  }
  type(text: string): void {
    this.text = this.text.slice(0, this.at) + text + this.text.slice(this.at);
    this.at += text.length;
    this.watchers.forEach(moved => moved(true));
  }
  watchers = new Set<(hasFocus: boolean) => void>();
}

let sent: PageFrame[];
let place: Place;
let mode: CompletionMode;
let told: string[];
let noted: string[];
let online: boolean;
let completions: Completions;
let provider: SparkInlineProvider;

beforeEach(() => {
  [sent, place, mode, told, online] = [[], new Place(), 'automatic', [], true];
  noted = [];
  completions = new Completions({
    push: () => undefined,
    send: frame => {
      sent.push(frame);
      return online;
    }
  });
  provider = new SparkInlineProvider({
    completions,
    placeOf: () => place,
    mode: () => mode,
    tier: () => 'spark',
    tell: problem => told.push(problem),
    note: problem => noted.push(problem),
    name: 'Spark'
  });
});

const fetch = (kind = 1): ReturnType<SparkInlineProvider['fetch']> =>
  provider.fetch({ text: place.text, offset: place.at }, { triggerKind: kind } as unknown as Context);
const say = (text: string): void =>
  completions.onFrame({ type: 'completion_said', completion_id: completions.current?.id ?? '', text });
const end = (message = ''): void =>
  completions.onFrame({
    type: 'completion_ended',
    completion_id: completions.current?.id ?? '',
    message,
    hint: ''
  } as CompletionEnded);
const asked = (): string[] => sent.map(frame => frame.type);

test('the first text is the item, and the rest streams', async () => {
  const reply = fetch();
  expect(sent[0]).toMatchObject({
    type: 'completion_requested',
    before: 'x = ',
    after: '',
    cell_id: 'c',
    tier: 'spark'
  });
  say('a');
  const [item] = (await reply).items;
  expect(item).toMatchObject({ insertText: 'a', isIncomplete: true });
  const texts: string[] = [];
  const reading = (async () => {
    for await (const { response } of provider.stream(item?.token ?? '')) {
      texts.push(response.insertText);
    }
  })();
  await Promise.resolve();
  say('area');
  await Promise.resolve();
  await Promise.resolve();
  say('area(2)');
  end();
  await reading;
  expect(texts[texts.length - 1]).toBe('area(2)');
  expect(place.watchers.size).toBe(0);
  expect(asked()).toEqual(['completion_requested']);
});

test('typing something else ends it here and upstream', async () => {
  const reply = fetch();
  place.type('y');
  expect(asked()).toEqual(['completion_requested', 'completion_stopped']);
  say('late');
  expect((await reply).items).toEqual([]);
  expect(place.watchers.size).toBe(0);
});

test('typing what is shown goes on with it, and asks nothing anew', async () => {
  const reply = fetch();
  say('area');
  const token = (await reply).items[0]?.token ?? '';
  place.type('ar');
  const again = fetch();
  expect((await again).items[0]).toMatchObject({ insertText: 'ea', isIncomplete: true });
  const stream = provider.stream(token);
  say('area(2)');
  expect((await stream.next()).value).toMatchObject({ response: { insertText: 'ea(2)' } });
  place.type('x');
  expect((await stream.next()).done).toBe(true);
  expect(asked()).toEqual(['completion_requested', 'completion_stopped']);
});

test('leaving the editor ends it', async () => {
  const reply = fetch();
  place.watchers.forEach(moved => moved(false));
  expect((await reply).items).toEqual([]);
  expect(asked()[1]).toBe('completion_stopped');
});

test('never two at once', async () => {
  const first = fetch();
  say('a');
  await first;
  place.at = 1;
  place.text = 'z\n';
  place.odd = {};
  const second = fetch();
  expect(asked()).toEqual(['completion_requested', 'completion_stopped', 'completion_requested']);
  completions.onFrame({ type: 'completion_said', completion_id: 'of before', text: 'no' });
  say(' = 1');
  expect((await second).items[0]?.insertText).toBe(' = 1');
});

test('nothing is asked where there is nothing to ask', async () => {
  mode = 'invoked';
  expect((await fetch(1)).items).toEqual([]);
  mode = 'off';
  expect((await fetch(0)).items).toEqual([]);
  mode = 'automatic';
  place.odd = { hasSelection: true };
  expect((await fetch(0)).items).toEqual([]);
  place.odd = {};
  place.isAt = () => false; // the caret has moved on meanwhile
  expect((await fetch(1)).items).toEqual([]);
  expect(sent).toEqual([]);
});

test('why there is nothing is told to whoever asked for it', async () => {
  const unasked = fetch(1);
  end('No key.');
  expect((await unasked).items).toEqual([]);
  expect(told).toEqual([]);
  const invoked = fetch(0);
  end('No key.');
  expect((await invoked).items).toEqual([]);
  expect(told).toEqual(['No key.']);
});

test('without a connection nothing waits', async () => {
  online = false;
  expect((await fetch()).items).toEqual([]);
  online = true;
  const reply = fetch();
  completions.onLost();
  expect((await reply).items).toEqual([]);
  const ended = vi.fn();
  completions.onEnded = ended;
  end();
  expect(ended).toHaveBeenCalledOnce();
});

test('who asked by key and gets nothing is told so, and why', async () => {
  for (const [message, kind] of [
    ['No connection.', 0],
    ['', 0],
    ['No connection.', 1]
  ] as const) {
    const fetched = fetch(kind);
    end(message);
    expect(await fetched).toEqual({ items: [] });
  }
  expect(noted).toEqual(['No connection.', '']);
  const moved = fetch(0);
  place.text = `${place.text}x`; // it is not for here any more
  place.at = place.text.length;
  end('No connection.');
  await moved;
  expect(noted).toHaveLength(2);
});
