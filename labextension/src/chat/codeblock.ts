/** A block of code: coloured line by line while it arrives, with what can be done with it. */

import type { FindHighlighter, IHighlighter, Token } from './highlight';
import type { RenderQueue } from './queue';

/** Colours wait this long for more lines; the code itself never waits. */
const COLOUR_EVERY_MS = 150;

/** A button of a block of code. */
export interface ICodeAction {
  label: string;
  /** Its picture, so that three of them fit into a narrow panel. */
  icon: () => HTMLElement | SVGElement;
  /** Whether it makes sense for code of this language now. */
  isOffered: (info: string) => boolean;
  /** Do it; returns what to say of it. */
  run: (code: string) => Promise<string> | string;
}

export class CodeBlock {
  constructor(
    readonly info: string,
    find: FindHighlighter,
    private readonly _queue: RenderQueue,
    private readonly _actions: readonly ICodeAction[],
    private readonly _label: string
  ) {
    this.element = document.createElement('div');
    this.element.className = 'jp-Spark-block jp-Spark-code';
    const box = document.createElement('pre');
    // What scrolls can be scrolled by keyboard.
    box.tabIndex = 0;
    box.setAttribute('role', 'group');
    box.setAttribute('aria-label', this._label);
    this._code = document.createElement('code');
    this._tail = document.createTextNode('');
    this._code.append(this._tail);
    box.append(this._code);
    this.element.append(this._head(), box);
    find(info).then(
      make => {
        this._highlighter = make?.() ?? null;
        this._colour();
      },
      () => undefined // it stays without colours
    );
  }

  readonly element: HTMLElement;

  get text(): string {
    return this._text;
  }

  /** Let the code grow to this text, of which the shown one is the beginning. */
  grow(text: string): void {
    if (!text.startsWith(this._text)) {
      this._wipe();
      this._text = '';
    }
    this._tail.appendData(text.slice(this._text.length));
    this._text = text;
    if (!this._timer) {
      this._timer = window.setTimeout(() => {
        this._timer = 0;
        this._colour();
      }, COLOUR_EVERY_MS);
    }
  }

  /** The code is whole. */
  close(text: string): void {
    this.grow(text.replace(/\n$/, ''));
    this.dispose();
    this._closed = true;
    this._queue.add(() => {
      this._colour();
      this._row.replaceChildren(...this._buttons());
    });
  }

  dispose(): void {
    window.clearTimeout(this._timer);
    this._timer = 0;
  }

  private _head(): HTMLElement {
    const head = document.createElement('div');
    head.className = 'jp-Spark-codeHead';
    const name = document.createElement('span');
    name.textContent = this.info.split(/[\s{,]/)[0] ?? '';
    this._row = document.createElement('span');
    this._row.className = 'jp-Spark-codeRow';
    this._said = document.createElement('span');
    this._said.className = 'jp-Spark-said';
    this._said.setAttribute('role', 'status');
    head.append(name, this._said, this._row);
    return head;
  }

  private _buttons(): HTMLElement[] {
    return this._actions
      .filter(action => action.isOffered(this.info))
      .map(action => {
        const button = document.createElement('button');
        button.className = 'jp-Spark-quiet';
        button.type = 'button';
        button.title = action.label;
        button.setAttribute('aria-label', action.label);
        button.append(action.icon());
        button.onclick = async () => {
          this._said.textContent = await action.run(this._text);
        };
        return button;
      });
  }

  /** Colour the whole lines that are not yet, or all of it once it is whole and the colours of before do not hold. */
  private _colour(): void {
    if (!this._highlighter) {
      return;
    }
    const end = this._closed ? this._text.length : this._text.lastIndexOf('\n') + 1;
    if (this._closed) {
      // A string over several lines looks otherwise before its end has come.
      const all = this._highlighter.tokens(this._text, 0);
      if (!startsWith(all, this._tokens)) {
        this._wipe();
        this._tail.data = this._text;
      }
      this._paint(all.slice(this._tokens.length), end);
    } else if (end > this._coloured) {
      this._paint(this._highlighter.tokens(this._text.slice(0, end), this._coloured), end);
    }
  }

  private _paint(tokens: readonly Token[], end: number): void {
    const piece = document.createDocumentFragment();
    let at = this._coloured;
    for (const [from, to, classes] of tokens) {
      const start = Math.max(from, at);
      if (start > at) {
        piece.append(this._text.slice(at, start));
      }
      const span = document.createElement('span');
      span.className = classes;
      span.textContent = this._text.slice(start, to);
      piece.append(span);
      this._tokens.push([from, to, classes]);
      at = to;
    }
    piece.append(this._text.slice(at, end));
    this._tail.deleteData(0, end - this._coloured);
    this._code.insertBefore(piece, this._tail);
    this._coloured = end;
  }

  private _wipe(): void {
    this._tail.data = '';
    this._code.replaceChildren(this._tail);
    this._tokens = [];
    this._coloured = 0;
  }

  private readonly _code: HTMLElement;
  private readonly _tail: Text;
  private _row!: HTMLElement;
  private _said!: HTMLElement;
  private _highlighter: IHighlighter | null = null;
  private _tokens: Token[] = [];
  private _text = '';
  private _coloured = 0;
  private _timer = 0;
  private _closed = false;
}

function startsWith(all: readonly Token[], first: readonly Token[]): boolean {
  return first.every((token, index) => token.every((part, place) => part === all[index]?.[place]));
}
