/**
 * An answer's words on the page, while they arrive and after.
 *
 * Each frame costs the text that came since the last one: the open block grows by its text node, a finished block is
 * rendered once, and what stands above is never touched again.
 */

import { BlockCutter } from './blocks';

/** Renders one finished block of Markdown into an element that is not on the page yet. */
export type RenderBlock = (markdown: string, host: HTMLElement) => Promise<void>;

const BLOCK = 'jp-Spark-block';

/** The element of an answer. */
export class AnswerBody {
  constructor(
    private readonly _render: RenderBlock,
    /** Called after a frame that changed the page. */
    private readonly _drawn: () => void = () => undefined
  ) {
    this.element = document.createElement('div');
    this.element.className = 'jp-Spark-answer';
  }

  readonly element: HTMLElement;

  /** Show more text with the next frame. */
  add(text: string): void {
    this._pending += text;
    if (!this._frame) {
      this._frame = requestAnimationFrame(() => this._draw());
    }
  }

  /** Show all text at once, the last block included. */
  finish(): void {
    this._flush();
    for (const block of this._cutter.finish()) {
      this._close(block);
    }
    this._drawn();
  }

  /** Begin anew. */
  clear(): void {
    cancelAnimationFrame(this._frame);
    this._frame = 0;
    this._pending = '';
    this._cutter = new BlockCutter();
    this._open = this._text = null;
    this._shown = 0;
    this.element.replaceChildren();
  }

  /** Take the element's frame back; nothing is drawn after this. */
  dispose(): void {
    cancelAnimationFrame(this._frame);
    this._disposed = true;
  }

  private _draw(): void {
    this._flush();
    this._drawn();
  }

  private _flush(): void {
    cancelAnimationFrame(this._frame);
    this._frame = 0;
    const text = this._pending;
    this._pending = '';
    for (const block of this._cutter.feed(text)) {
      this._close(block);
    }
    this._grow();
  }

  /** Let the open block's text node grow by what is new. */
  private _grow(): void {
    const open = this._cutter.open;
    if (!open) {
      return;
    }
    if (!this._open || !this._text) {
      this._text = document.createTextNode('');
      this._open = document.createElement('div');
      this._open.className = `${BLOCK} jp-mod-open`;
      this._open.append(this._text);
      this.element.append(this._open);
      this._shown = 0;
    }
    this._open.classList.toggle('jp-mod-code', this._cutter.fenceInfo !== null);
    this._text.appendData(open.slice(this._shown));
    this._shown = open.length;
  }

  /** Put the finished block in the place of the open one, as soon as it is rendered. */
  private _close(markdown: string): void {
    const stand = this._open ?? document.createElement('div');
    if (!this._open) {
      this.element.append(stand);
    }
    this._open = this._text = null;
    this._shown = 0;
    if (!markdown.trim()) {
      stand.remove();
      return;
    }
    stand.className = `${BLOCK} jp-mod-open`;
    stand.textContent = markdown;
    const host = document.createElement('div');
    host.className = BLOCK;
    this._render(markdown, host).then(
      () => {
        if (!this._disposed && stand.isConnected) {
          stand.replaceWith(host);
          this._drawn();
        }
      },
      () => stand.classList.add('jp-mod-plain') // it stays as it came: readable, only not rendered
    );
  }

  private _cutter = new BlockCutter();
  private _pending = '';
  private _frame = 0;
  private _open: HTMLElement | null = null;
  private _text: Text | null = null;
  private _shown = 0;
  private _disposed = false;
}
