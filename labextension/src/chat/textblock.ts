/**
 * A block of words: raw while it rushes in, rendered once when it is whole.
 *
 * A slow answer would leave raw Markdown standing for seconds, so where few letters come, what has come is rendered in
 * between, and the rest runs on behind it.
 */

import type { IMarkdown } from './markdown';
import type { RenderQueue } from './queue';

/** How often a slow block is rendered, and how many letters may come in that time for it to count as slow. */
const LIVE_EVERY_MS = 250;
const SLOW_CHARS = 150;
const LIVE_MAX_CHARS = 4000;
const LEADING_BLANK = /^(?:[ \t]*\n)+/;
const FLOWS = new Set(['P', 'UL', 'OL', 'LI', 'BLOCKQUOTE', 'H1', 'H2', 'H3', 'H4', 'H5', 'H6']);

export class TextBlock {
  constructor(
    private readonly _markdown: IMarkdown,
    private readonly _queue: RenderQueue
  ) {
    this.element = document.createElement('div');
    this.element.className = 'jp-Spark-block jp-mod-open';
    this._tail = document.createTextNode('');
    this.element.append(this._tail);
  }

  readonly element: HTMLElement;

  /** Let the text grow to this one. A shorter one is its beginning: its last line turned out to begin another block. */
  grow(whole: string): void {
    const text = whole.replace(LEADING_BLANK, '');
    if (text.length < this._text.length) {
      this._tail.data = this._tail.data.slice(0, text.length - this._text.length);
      this._text = text;
    }
    this._tail.appendData(text.slice(this._text.length));
    this._arrived += text.length - this._text.length;
    this._text = text;
    this._wait();
  }

  /** The text is whole. `told` gets the words as a reader sees them. */
  close(text: string, told: (words: string) => void): void {
    this.grow(text);
    this.dispose();
    if (!text.trim()) {
      this.element.remove();
      return;
    }
    this._queue.add(async () => {
      const host = await this._rendered(text);
      told((host ?? this.element).textContent ?? '');
      if (!host) {
        this.element.classList.add('jp-mod-plain'); // it stays as it came: readable, only not rendered
        return;
      }
      this.element.replaceChildren(host);
      this.element.classList.remove('jp-mod-open', 'jp-mod-live');
      if (this.element.isConnected) {
        await this._markdown.typeset(text, host);
      }
    });
  }

  dispose(): void {
    window.clearTimeout(this._timer);
    this._ended = true;
  }

  private _wait(): void {
    if (!this._timer && !this._ended) {
      this._timer = window.setTimeout(() => {
        this._timer = 0;
        this._live();
      }, LIVE_EVERY_MS);
    }
  }

  private _live(): void {
    const isSlow = this._arrived < SLOW_CHARS;
    this._arrived = 0;
    if (!isSlow || this._text.length > LIVE_MAX_CHARS) {
      this._wait();
      return;
    }
    const text = this._text;
    this._queue.add(async () => {
      const host = this._ended ? null : await this._rendered(text);
      if (host && !this._ended) {
        this._tail.data = this._text.slice(text.length);
        lastFlow(host).append(this._tail);
        this.element.replaceChildren(host);
        this.element.classList.add('jp-mod-live');
      }
    });
  }

  private async _rendered(text: string): Promise<HTMLElement | null> {
    const host = document.createElement('div');
    try {
      await this._markdown.render(text, host);
      return host;
    } catch {
      return null;
    }
  }

  private readonly _tail: Text;
  private _text = '';
  private _arrived = 0;
  private _timer = 0;
  private _ended = false;
}

/** Where words go on that follow on a rendered text. */
function lastFlow(host: HTMLElement): HTMLElement {
  let place = host;
  for (let last = place.lastElementChild; last && FLOWS.has(last.tagName); last = place.lastElementChild) {
    place = last as HTMLElement;
  }
  return place;
}
