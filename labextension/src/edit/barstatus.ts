/** What the bar below a proposal says of it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CheckResult } from '../_wire';
import { outsideOf } from './scope';
import type { Suggestion } from './suggestion';

export type Status = [words: string, kind: 'plain' | 'good' | 'bad' | 'live'];

/** One quiet line, and whether it is good news. */
export function statusOf(suggestion: Suggestion | null, word: string, trans: TranslationBundle, cellKind = ''): Status {
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
      return withScope(suggestion, checksOf(suggestion, cellKind, trans), trans);
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

function checksOf(suggestion: Suggestion, cellKind: string, trans: TranslationBundle): Status {
  const { checks, isEdited } = suggestion;
  const by = isEdited ? trans.__('changed by you') : '';
  const failed = checks.filter(check => !check.ok);
  if (failed.length) {
    return [said([by, `✗ ${failed.map(check => check.message).join(' · ')}`]), 'bad'];
  }
  if (suggestion.cellKind && cellKind && suggestion.cellKind !== cellKind) {
    return [said([by, trans.__('not checked: the cell is of another kind now')]), 'plain'];
  }
  if (!checks.length) {
    return isEdited ? [trans.__('changed by you: the checks were not run'), 'plain'] : ['', 'plain'];
  }
  const parses = checks.find(check => check.name === 'parses');
  if (parses?.message) {
    return [said([by, parses.message]), 'plain']; // the cell is in another language
  }
  // Of a cell without code the reader is told what else was looked at.
  const names = parses ? CODE_CHECKS : TEXT_CHECKS;
  const held = names.flatMap(name => checks.find(check => check.name === name) ?? []);
  const words = held.map(check => check.message || trans.__(SAID[check.name] ?? ''));
  return [said([by, `✓ ${words.join(' · ') || trans.__('checked')}`]), isEdited ? 'plain' : 'good'];
}

function said(parts: readonly string[]): string {
  return parts.filter(Boolean).join(' · ');
}

type Name = CheckResult['name'];

/** The checks that tell the reader something when they hold. */
const SAID: Partial<Record<Name, string>> = {
  parses: 'parses',
  names_known: 'names known',
  keeps_definitions: 'keeps definitions',
  closed_fence: 'whole',
  no_elision: 'nothing left out',
  keeps_size: 'keeps its size'
};
const CODE_CHECKS: readonly Name[] = ['parses', 'names_known', 'keeps_definitions'];
const TEXT_CHECKS: readonly Name[] = ['closed_fence', 'no_elision', 'keeps_size'];
