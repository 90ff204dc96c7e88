/**
 * Cuts Markdown into blocks as it arrives.
 *
 * A finished block is rendered once and never again; only the open one changes. Nothing is lost and nothing is added:
 * the blocks joined together are the text.
 */

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const LIST = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)/;
const HEADING = /^ {0,3}#{1,6}(?:\s|$)/;
const MATH = /^ {0,3}\$\$/;

/** A fenced block of code without its fence. */
export interface IFenced {
  /** What stands behind the opening fence: the language, mostly. */
  info: string;
  code: string;
}

/** Read a block that is fenced code, finished or not; null for any other. */
export function readFenced(block: string): IFenced | null {
  const body = block.replace(/^(?:[ \t]*\n)+/, '');
  const opening = FENCE.exec(body);
  const end = body.indexOf('\n');
  if (!opening || end < 0) {
    return null;
  }
  const fence = opening[1] as string;
  const indent = body.indexOf(fence);
  const lines = body.slice(end + 1).split('\n');
  const last = lines[lines.length - 1] === '' ? lines.length - 2 : lines.length - 1;
  const closing = (lines[last] ?? '').trim();
  const isMark = closing !== '' && closing === (fence[0] as string).repeat(closing.length);
  // A text that was stopped may end in the middle of the closing fence.
  const isCut = last === lines.length - 1;
  if (last >= 0 && isMark && (isCut || closing.length >= fence.length)) {
    lines.length = last;
    lines.push('');
  }
  const outdent = new RegExp(`^ {0,${indent}}`);
  return {
    info: body.slice(indent + fence.length, end).trim(),
    code: (indent ? lines.map(line => line.replace(outdent, '')) : lines).join('\n')
  };
}

/** Takes the text in pieces and hands out the blocks that are finished. */
export class BlockCutter {
  /** The block that is still open, as far as it has arrived. */
  get open(): string {
    return this._block + this._line;
  }

  /** Whether the open block is code, and in which language. */
  get fenceInfo(): string | null {
    return this._fence && this._fence !== '$$' ? this._info : null;
  }

  /** Take more text; return the blocks that it finishes. */
  feed(text: string): string[] {
    const done: string[] = [];
    const lines = (this._line + text).split('\n');
    this._line = lines.pop() as string;
    for (const line of lines) {
      this._take(line, done);
    }
    return done;
  }

  /** Take the end; return what is left. */
  finish(): string[] {
    const done: string[] = [];
    if (this._line) {
      this._take(this._line, done, '');
    }
    this._line = '';
    if (this._block) {
      this._end(done);
    }
    return done;
  }

  private _take(line: string, done: string[], end = '\n'): void {
    if (this._fence) {
      this._block += line + end;
      if (this._closesFence(line)) {
        this._end(done);
      }
      return;
    }
    if (!line.trim()) {
      this._block += line + end;
      // Blank lines stand inside lists, so what comes after decides.
      if (this._isList) {
        this._gap = true;
      } else if (this._block.trim()) {
        this._end(done);
      }
      return;
    }
    this._takeText(line, done, end);
  }

  private _takeText(line: string, done: string[], end: string): void {
    const isList = LIST.test(line);
    const inList = this._isList && (isList || /^\s/.test(line) || !this._gap);
    const opensFence = FENCE.exec(line);
    if (this._block.trim() && !inList && (opensFence || HEADING.test(line) || MATH.test(line) || this._gap || isList)) {
      this._end(done);
    }
    if (!this._block.trim()) {
      this._isList = isList;
    }
    this._gap = false;
    this._block += line + end;
    if (opensFence && !inList) {
      this._fence = opensFence[1] as string;
      this._info = line.slice(line.indexOf(this._fence) + this._fence.length).trim();
    } else if (MATH.test(line) && !inList && line.trim().lastIndexOf('$$') === 0) {
      this._fence = '$$';
      this._info = '';
    } else if (HEADING.test(line) && !inList) {
      this._end(done);
    }
  }

  private _closesFence(line: string): boolean {
    const text = line.trim();
    if (this._fence === '$$') {
      return text.endsWith('$$');
    }
    const mark = this._fence[0] as string;
    return text.length >= this._fence.length && text === mark.repeat(text.length);
  }

  private _end(done: string[]): void {
    done.push(this._block);
    this._block = this._fence = '';
    this._isList = this._gap = false;
  }

  private _block = '';
  private _line = '';
  private _fence = '';
  private _info = '';
  private _isList = false;
  private _gap = false;
}
