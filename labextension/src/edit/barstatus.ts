/** What the bar below a proposal says of it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CheckResult } from '../_wire';
import { outsideOf } from './scope';
import type { Suggestion } from './suggestion';

export type Status = [words: string, kind: 'plain' | 'good' | 'bad' | 'live'];

/** One quiet line, and whether it is good news. */
export function statusOf(suggestion: Suggestion | null, word: string, trans: TranslationBundle): Status {
  if (word) {
    return [word, 'bad'];
  }
  switch (suggestion?.state) {
    case 'waiting':
      return [trans.__('waiting'), 'live'];
    case 'streaming':
      return [trans.__('streaming'), 'live'];
    case 'stopped':
      return [trans.__('Stopped. The cell is as it was.'), 'plain'];
    case 'failed':
      return [`${suggestion.problem} ${suggestion.hint}`.trim(), 'bad'];
    case 'ready':
      if (suggestion.conflicts) {
        return [trans.__('You changed the same lines meanwhile.'), 'bad'];
      }
      if (!suggestion.hunks().length) {
        return [trans.__('Nothing would change.'), 'plain'];
      }
      return withScope(suggestion, checksOf(suggestion, trans), trans);
    default:
      return ['', 'plain'];
  }
}

/** What is said of changes that are elsewhere than they were asked for. */
function withScope(suggestion: Suggestion, [words, kind]: Status, trans: TranslationBundle): Status {
  const count = outsideOf(suggestion).length;
  const said = count ? trans._n('%1 change outside the selection', '%1 changes outside the selection', count) : '';
  return [[words, said].filter(Boolean).join(' · '), kind];
}

function checksOf(suggestion: Suggestion, trans: TranslationBundle): Status {
  const failed = suggestion.checks.filter(check => !check.ok);
  if (suggestion.isEdited) {
    return [trans.__('changed by you: the checks were not run'), 'plain'];
  }
  if (failed.length) {
    return [`✗ ${failed.map(check => check.message).join(' · ')}`, 'bad'];
  }
  const names = suggestion.checks.flatMap(check => SAID[check.name] ?? []);
  return suggestion.checks.length
    ? [`✓ ${names.map(name => trans.__(name)).join(' · ') || trans.__('checked')}`, 'good']
    : ['', 'plain'];
}

/** The checks that tell the reader something when they hold. */
const SAID: Partial<Record<CheckResult['name'], string>> = {
  parses: 'parses',
  names_known: 'names known',
  keeps_definitions: 'keeps definitions'
};
