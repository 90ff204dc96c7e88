/** What the user asked, above its answer: a long question is shown by its beginning, and whole on demand. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/** A question within these is shown whole; of a longer one, so many letters and lines of it are. */
const WHOLE = { chars: 1000, lines: 14 };
const SHOWN = { chars: 500, lines: 8 };

export interface IAskedProps {
  words: string;
  trans: TranslationBundle;
  isSteered?: boolean;
}

export function Asked({ words, trans, isSteered = false }: IAskedProps): React.JSX.Element {
  const [isWhole, setWhole] = React.useState(false);
  const beginning = React.useMemo(() => beginningOf(words), [words]);
  const isLong = beginning !== words;
  return (
    <div className={`jp-Spark-asked${isSteered ? ' jp-mod-steered' : ''}`}>
      {isWhole ? words : beginning}
      {isLong && (
        <button
          type="button"
          className="jp-Spark-quiet jp-Spark-showAll"
          aria-expanded={isWhole}
          onClick={() => setWhole(!isWhole)}
        >
          {isWhole ? trans.__('Show less') : trans.__('Show all (%1 characters)', words.length.toLocaleString())}
        </button>
      )}
    </div>
  );
}

/** A long text's beginning, with a mark that it goes on; a short text whole. */
export function beginningOf(text: string): string {
  const head = text.slice(0, WHOLE.chars + 1).split('\n');
  if (text.length <= WHOLE.chars && head.length <= WHOLE.lines) {
    return text;
  }
  return `${shortened(head.slice(0, SHOWN.lines).join('\n'), SHOWN.chars).replace(/\s*…?$/, '')}…`;
}

/** A text cut off after so many letters, with a mark where it was. */
export function shortened(text: string, chars: number): string {
  // Never in the middle of a character of two units.
  return text.length <= chars ? text : `${text.slice(0, chars).replace(/[\ud800-\udbff]$/, '')}…`;
}
