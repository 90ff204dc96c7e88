/**
 * An answer's words on the page, while they arrive and after.
 *
 * Each frame costs the text that came since the last one: the open block grows by its text node, a finished block is
 * rendered once, and what stands above is never touched again.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import { BlockCutter, readFenced } from './blocks';
import { CodeBlock, type ICodeAction } from './codeblock';
import type { FindHighlighter } from './highlight';
import type { IMarkdown } from './markdown';
import type { RenderQueue } from './queue';
import { TextBlock } from './textblock';

/** What an answer is drawn with. */
export interface IAnswerTools {
  markdown: IMarkdown;
  highlighters: FindHighlighter;
  queue: RenderQueue;
  codeActions: readonly ICodeAction[];
  trans: TranslationBundle;
}

/** Blocks to a page. What is out of sight is left out by the page: of every block it would cost two more layouts a frame. */
const PAGE_BLOCKS = 16;
const OPENING = /^\s{0,3}(?:`{3,}|~{3,})[^\n]*$/;
const PERHAPS_FENCE = /(^|\n) {0,3}(?:`+|~+)[^\n`~]*$/;
const PERHAPS_CLOSING = /\n {0,3}(?:`+|~+) *$/;

/** The element of an answer. */
export class AnswerBody {
  constructor(
    private readonly _tools: IAnswerTools,
    /** Called with the words of each block when it is whole. */
    private readonly _told: (words: string) => void = () => undefined
  ) {
    this.element = document.createElement('div');
    this.element.className = 'jp-Spark-answer';
  }

  readonly element: HTMLElement;

  /** Show more text: at once after a pause, and while text keeps coming, with each frame. */
  add(text: string): void {
    this._pending += text;
    if (!text || this._frame) {
      return;
    }
    this._flush();
    this._frame = requestAnimationFrame(this._onFrame);
  }

  /** Show all text at once, the last block included. */
  finish(): void {
    this._flush();
    this._cutter.finish().forEach(block => this._close(block));
  }

  /** Begin anew. */
  clear(): void {
    cancelAnimationFrame(this._frame);
    this._open?.dispose();
    this._frame = 0;
    this._pending = '';
    this._cutter = new BlockCutter();
    this._open = null;
    this.element.replaceChildren();
  }

  /** Take the element's frame back; nothing is drawn after this. */
  dispose(): void {
    cancelAnimationFrame(this._frame);
    this._open?.dispose();
  }

  private _flush(): void {
    const text = this._pending;
    this._pending = '';
    this._cutter.feed(text).forEach(block => this._close(block));
    this._grow();
  }

  // Changed between two frames the page would be laid out twice: for the scroll event of the frame before, and again.
  private readonly _onFrame = (): void => {
    const isGoingOn = this._pending !== '';
    this._frame = isGoingOn ? requestAnimationFrame(this._onFrame) : 0;
    if (isGoingOn) {
      this._flush();
    }
  };

  /** Let the open block grow by what is new. */
  private _grow(): void {
    const text = this._cutter.open;
    // A fence is no text: its line is not shown, neither the first nor what may become the last.
    if (!text.trim() || OPENING.test(text)) {
      return;
    }
    if (this._cutter.fenceInfo !== null) {
      const fenced = readFenced(text.replace(PERHAPS_CLOSING, '\n'));
      if (fenced) {
        this._codeBlock(fenced.info).grow(fenced.code);
      }
    } else {
      this._textBlock().grow(text.replace(PERHAPS_FENCE, '$1'));
    }
  }

  private _close(markdown: string): void {
    const fenced = readFenced(markdown);
    if (fenced) {
      this._codeBlock(fenced.info).close(fenced.code);
      this._told(fenced.code);
    } else {
      this._textBlock().close(markdown, this._told);
    }
    this._open = null;
  }

  private _codeBlock(info: string): CodeBlock {
    if (!(this._open instanceof CodeBlock)) {
      const { highlighters, queue, codeActions, trans } = this._tools;
      this._begin(new CodeBlock(info, highlighters, queue, codeActions, trans.__('Code')));
    }
    return this._open as CodeBlock;
  }

  private _textBlock(): TextBlock {
    if (!(this._open instanceof TextBlock)) {
      this._begin(new TextBlock(this._tools.markdown, this._tools.queue));
    }
    return this._open as TextBlock;
  }

  private _begin(block: CodeBlock | TextBlock): void {
    this._open?.dispose();
    this._open?.element.remove();
    this._open = block;
    this._page().append(block.element);
  }

  private _page(): HTMLElement {
    const last = this.element.lastElementChild as HTMLElement | null;
    if (last && last.childElementCount < PAGE_BLOCKS) {
      return last;
    }
    const page = document.createElement('div');
    page.className = 'jp-Spark-page';
    this.element.append(page);
    return page;
  }

  private _cutter = new BlockCutter();
  private _open: CodeBlock | TextBlock | null = null;
  private _pending = '';
  private _frame = 0;
}
