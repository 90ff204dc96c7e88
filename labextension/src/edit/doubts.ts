/** What speaks against doing what the user asked for: it is told once, and done when it is asked for again. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CheckResult } from '../_wire';
import type { Spot } from './spot';
import type { Suggestion } from './suggestion';

/** Nobody waits longer for a check; the text goes in as one that was not checked. */
const MAX_WAIT_MS = 1000;
const PYTHON = /^text\/x-i?python$/;

export class Doubts {
  /** @param _check - whether a text parses */
  constructor(
    private readonly _check: (source: string) => Promise<CheckResult>,
    private readonly _trans: TranslationBundle
  ) {}

  /** Have a proposal checked that the user has changed; null if there is nothing to wait for. */
  look(spot: Spot): Promise<void> | null {
    const { suggestion } = spot;
    const isUnknown = suggestion?.state === 'ready' && suggestion.isEdited && !suggestion.checks.length;
    if (!suggestion || !isUnknown || spot.cell?.cell_type !== 'code' || !PYTHON.test(spot.mimeType())) {
      return null;
    }
    const asked = this._asked.get(suggestion);
    if (asked?.text === suggestion.text) {
      return asked.known;
    }
    const { text } = suggestion;
    const waited = new Promise<void>(done => setTimeout(done, MAX_WAIT_MS));
    const answer = this._check(text).then(
      check => {
        if (suggestion.isEdited && suggestion.text === text) {
          suggestion.found([check]);
        }
      },
      () => undefined // it stays one that was not checked
    );
    const known = Promise.race([answer, waited]).then(() => {
      this._asked.set(suggestion, { text, known: null });
    });
    this._asked.set(suggestion, { text, known });
    return known;
  }

  /** Why a proposal is not to be taken at once; empty if nothing speaks against it, or if that was told before. */
  ofTaking(spot: Spot): string {
    const { suggestion } = spot;
    const failed = suggestion?.state === 'ready' ? suggestion.checks.filter(check => !check.ok) : [];
    const found = failed.map(check => check.message).join(' · ');
    return failed.length && this._isNew(suggestion, `${suggestion?.shown} ${found}`)
      ? this._trans.__('✗ %1 Accept again to take it all the same.', ended(found))
      : '';
  }

  /** Why a proposal is not to be let go for another one at once. */
  ofAskingAnew(spot: Spot): string {
    const { suggestion } = spot;
    const hasWords = suggestion?.state === 'ready' && suggestion.hasOwnWords;
    return hasWords && this._isNew(suggestion, `anew ${suggestion.text}`)
      ? this._trans.__('What you wrote into the proposal would go. Do it again to ask anew all the same.')
      : '';
  }

  private _isNew(suggestion: Suggestion | null, about: string): boolean {
    if (!suggestion || this._told.get(suggestion) === about) {
      return false;
    }
    this._told.set(suggestion, about);
    return true;
  }

  private readonly _asked = new WeakMap<Suggestion, { text: string; known: Promise<void> | null }>();
  private readonly _told = new WeakMap<Suggestion, string>();
}

function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
