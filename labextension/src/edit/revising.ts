/** Putting a change into other words before it is taken: where its new lines stand, an editor for them. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { asIsland, type RunKey } from './island';
import type { IHunk } from './linediff';
import { merge3 } from './merge';
import type { IRevision, Spot } from './spot';

export interface IRevisingActions {
  readonly runKey: RunKey;
  readonly trans: TranslationBundle;
  /** The user is done with it, or leaves it as it was. */
  readonly revised: (isDone: boolean) => void;
}

/** Begin to revise a change of a proposal. */
export function beginRevision(spot: Spot, hunk: IHunk): void {
  const { suggestion } = spot;
  if (suggestion?.state === 'ready' && suggestion.hunks().includes(hunk)) {
    const text = suggestion.lines.slice(hunk.newFrom, hunk.newTo).join('\n');
    spot.revision = { hunk, whole: suggestion.text, text, isNew: true };
    spot.changed();
  }
}

/** Put what the user wrote into the proposal; false if the proposal has changed there meanwhile. */
export function endRevision(spot: Spot): boolean {
  const { suggestion, revision } = spot;
  if (!suggestion || !revision) {
    return true;
  }
  const merge = merge3(revision.whole, suggestion.text, revisedText(revision));
  if (!merge.ok) {
    return false;
  }
  spot.revision = null;
  if (merge.text !== suggestion.text) {
    suggestion.hasOwnWords = true;
    spot.word = ''; // that was of another text
  }
  suggestion.revise(merge.text);
  spot.changed();
  return true;
}

/** End it since another change is judged: that one as it is found then, among the user's words. */
export function endRevisionBeside(spot: Spot, hunk: IHunk): IHunk {
  const { suggestion } = spot;
  if (!spot.revision || !suggestion?.hunks().includes(hunk) || !endRevision(spot)) {
    return hunk;
  }
  const { oldFrom, oldTo } = hunk;
  return suggestion.hunks().find(one => one.oldFrom === oldFrom && one.oldTo === oldTo) ?? hunk;
}

/** The whole proposal in the user's words; no words at all are no line. */
export function revisedText({ hunk, whole, text }: IRevision): string {
  const lines = whole.split('\n');
  lines.splice(hunk.newFrom, hunk.newTo - hunk.newFrom, ...(text ? text.split('\n') : []));
  return lines.join('\n');
}

/** The editor of a revision. */
export function revisionEditor(revision: IRevision, { runKey, trans, revised }: IRevisingActions): HTMLElement {
  const element = document.createElement('div');
  element.className = 'jp-Spark-revision';
  const field = document.createElement('textarea');
  field.value = revision.text;
  field.spellcheck = false;
  field.setAttribute('aria-label', trans.__('The proposed lines'));
  const fit = (): void => {
    field.rows = Math.max(1, field.value.split('\n').length);
  };
  field.addEventListener('input', () => {
    revision.text = field.value;
    fit();
  });
  field.addEventListener('keydown', event => {
    if (!event.isComposing && handles(event, field, revised)) {
      event.preventDefault();
      event.stopPropagation();
    }
  });
  fit();
  const buttons = document.createElement('span');
  buttons.className = 'jp-Spark-revisionButtons';
  const isMac = navigator.platform.startsWith('Mac');
  buttons.append(
    button(trans.__('Done'), isMac ? '⌘↵' : 'Ctrl ↵', () => revised(true)),
    button(trans.__('Cancel'), 'Esc', () => revised(false))
  );
  element.append(field, buttons);
  asIsland(element, runKey);
  if (revision.isNew) {
    revision.isNew = false;
    // It is not in the page yet.
    requestAnimationFrame(() => field.focus({ preventScroll: true }));
  }
  return element;
}

function handles(event: KeyboardEvent, field: HTMLTextAreaElement, revised: (isDone: boolean) => void): boolean {
  if (event.key === 'Escape' || (event.key === 'Enter' && (event.ctrlKey || event.metaKey))) {
    revised(event.key === 'Enter');
    return true;
  }
  if (event.key === 'Enter' && !event.shiftKey) {
    const line = field.value.slice(0, field.selectionStart).split('\n').pop() ?? '';
    insert(field, `\n${/^\s*/.exec(line)?.[0] ?? ''}`);
    return true;
  }
  if (event.key === 'Tab' && !event.shiftKey) {
    insert(field, '    ');
    return true;
  }
  return false;
}

/** As if it were typed, so that the field's own undo knows of it. */
function insert(field: HTMLTextAreaElement, text: string): void {
  if (!document.execCommand('insertText', false, text)) {
    field.setRangeText(text, field.selectionStart, field.selectionEnd, 'end');
    field.dispatchEvent(new Event('input'));
  }
}

function button(label: string, key: string, run: () => void): HTMLElement {
  const element = document.createElement('button');
  element.type = 'button';
  element.className = 'jp-Spark-act';
  element.textContent = label;
  const hint = element.appendChild(document.createElement('kbd'));
  hint.textContent = key;
  hint.setAttribute('aria-hidden', 'true');
  element.addEventListener('click', run);
  return element;
}
