import { beforeEach, expect, test, vi } from 'vitest';
import { AnswerBody, type IAnswerTools } from './answer';
import { RenderQueue } from './queue';

const words = 'one two\n\n```python\na = 1\n\nb = "`"\n```\n\n- x\n- y\n\nlast $x$';
let rendered: string[];
let frames: FrameRequestCallback[];

function tools(): IAnswerTools {
  return {
    markdown: {
      render: (markdown, host) => {
        rendered.push(markdown);
        if (markdown.includes('BAD')) {
          return Promise.reject(new Error('no'));
        }
        host.innerHTML = '<p></p>';
        (host.firstElementChild as HTMLElement).textContent = markdown.trim();
        return Promise.resolve();
      },
      typeset: () => Promise.resolve()
    },
    highlighters: () => Promise.resolve(null),
    queue: new RenderQueue(() => Promise.resolve()),
    codeActions: [],
    trans: { __: (text: string) => text } as unknown as IAnswerTools['trans']
  };
}

beforeEach(() => {
  rendered = [];
  frames = [];
  vi.stubGlobal('requestAnimationFrame', (callback: FrameRequestCallback) => frames.push(callback));
  vi.stubGlobal('cancelAnimationFrame', () => undefined);
});

const draw = (): void => frames.splice(0).forEach(callback => callback(0));
const settle = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 5));

test('every block is rendered once, in order, however the text is cut', async () => {
  for (const size of [1, 3, 7, 1000]) {
    rendered = [];
    const told: string[] = [];
    const body = new AnswerBody(tools(), text => told.push(text));
    for (let at = 0; at < words.length; at += size) {
      body.add(words.slice(at, at + size));
      draw();
    }
    body.finish();
    await settle();
    expect(rendered.map(block => block.trim())).toEqual(['one two', '- x\n- y', 'last $x$']);
    expect(body.element.querySelector('pre code')?.textContent).toBe('a = 1\n\nb = "`"');
    expect([...body.element.querySelectorAll('.jp-Spark-block')].map(block => block.textContent)).toEqual([
      'one two',
      'pythona = 1\n\nb = "`"',
      '- x\n- y',
      'last $x$'
    ]);
    expect(told.sort()).toEqual(['a = 1\n\nb = "`"\n', 'one two', '- x\n- y', 'last $x$'].sort());
  }
});

test('text is there at once, and the rest with the frame', () => {
  const body = new AnswerBody(tools());
  body.add('Hel');
  expect(body.element.textContent).toBe('Hel');
  body.add('lo ');
  body.add('you');
  expect(body.element.textContent).toBe('Hel');
  draw();
  expect(body.element.textContent).toBe('Hello you');
});

test('a fence is never shown as text', () => {
  const body = new AnswerBody(tools());
  const seen = new Set<string>();
  for (const letter of 'so:\n```python\nx\n```\n') {
    body.add(letter);
    draw();
    seen.add(body.element.textContent ?? '');
  }
  expect([...seen].filter(text => text.includes('`'))).toEqual([]);
  expect(body.element.querySelector('code')?.textContent).toBe('x');
});

test('what cannot be rendered stays as it came', async () => {
  const body = new AnswerBody(tools());
  body.add('BAD *words*\n\ngood');
  body.finish();
  await settle();
  expect(body.element.textContent).toBe('BAD *words*\n\ngood');
  expect(body.element.querySelectorAll('.jp-mod-plain').length).toBe(1);
});

test('a turn that begins anew shows nothing of before', async () => {
  const body = new AnswerBody(tools());
  body.add('old words\n\nmore');
  draw();
  body.clear();
  body.add('new');
  draw();
  body.finish();
  await settle();
  expect(body.element.textContent).toBe('new');
});

test('a slow block is rendered before it ends', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const body = new AnswerBody(tools());
  body.add('some **words');
  draw();
  await vi.advanceTimersByTimeAsync(300);
  expect(rendered).toEqual(['some **words']);
  expect(body.element.querySelector('.jp-mod-live p')).not.toBeNull();
  body.add(' and** more');
  draw();
  expect(body.element.textContent).toBe('some **words and** more');
  vi.useRealTimers();
  body.dispose();
});
