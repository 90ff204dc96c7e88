/** The colours of a proposal's lines; what is coloured already is not looked at again while the text grows. */

import type { IHighlighter, Token } from '../chat/highlight';

/** Colours whole lines of a text that grows, or that begins anew. */
export class LineColours {
  constructor(private readonly _make: () => IHighlighter) {}

  /** The tokens of each line, by columns. */
  of(lines: readonly string[], round: number): readonly (readonly Token[])[] {
    if (round !== this._round || lines.length < this._tokens.length) {
      this._round = round;
      this._highlighter = null;
      this._text = '';
      this._tokens = [];
    }
    const start = this._text.length;
    const fresh = lines.slice(this._tokens.length);
    if (fresh.length) {
      this._text += fresh.map(line => `${line}\n`).join('');
      this._highlighter ??= this._make();
      const found = this._highlighter.tokens(this._text, start);
      this._tokens = this._tokens.concat(byLine(found, fresh, start));
    }
    return this._tokens;
  }

  private _round = -1;
  private _text = '';
  private _tokens: Token[][] = [];
  private _highlighter: IHighlighter | null = null;
}

/** Cut tokens at the ends of lines. */
function byLine(tokens: readonly Token[], lines: readonly string[], start: number): Token[][] {
  let [from, next] = [start, 0];
  return lines.map(line => {
    const to = from + line.length;
    const own: Token[] = [];
    while (next < tokens.length && (tokens[next] as Token)[0] < to) {
      const [begin, end, classes] = tokens[next] as Token;
      own.push([Math.max(begin, from) - from, Math.min(end, to) - from, classes]);
      if (end > to) {
        break; // it goes on in the next line
      }
      next++;
    }
    from = to + 1;
    // A token that ended with this line must not come again.
    while (next < tokens.length && (tokens[next] as Token)[1] <= from) {
      next++;
    }
    return own.filter(([begin, end]) => end > begin);
  });
}
