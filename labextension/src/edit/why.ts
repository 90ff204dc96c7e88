/** The question why a change is proposed: it shows the change, which may be another than the answer was. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Suggestion } from './suggestion';

/** Of a longer change the beginning tells which one is meant. */
const MAX_LINES = 60;

export function whyWords(suggestion: Suggestion, trans: TranslationBundle): string {
  const words = trans.__('Why this change? Explain what changes in the cell, and what it is good for.');
  const lines = diffOf(suggestion);
  const shown = lines.length > MAX_LINES ? [...lines.slice(0, MAX_LINES), '...'] : lines;
  const longest = Math.max(2, ...(shown.join('\n').match(/`{3,}/g) ?? []).map(run => run.length));
  const fence = '`'.repeat(longest + 1);
  return [words, '', `${fence}diff`, ...shown, fence].join('\n');
}

function diffOf(suggestion: Suggestion): string[] {
  const { baseLines, lines } = suggestion;
  return suggestion
    .hunks()
    .flatMap(({ oldFrom, oldTo, newFrom, newTo }) => [
      `@@ line ${oldFrom + 1} @@`,
      ...baseLines.slice(oldFrom, oldTo).map(line => `-${line}`),
      ...lines.slice(newFrom, newTo).map(line => `+${line}`)
    ]);
}
