import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';
import { beginRevision, endRevision, revisedText, revisionEditor } from './revising';
import { type IRevision, Spot } from './spot';
import { Suggestion } from './suggestion';

const BASE = 'import math\n\nx = 1\ny = 2\nz = 3';
const NEW = 'import math\n\nx = 10\ny = 2\nz = 30';

function made(): { spot: Spot; suggestion: Suggestion } {
  const spot = new Spot({ cells: [] }, 'c');
  const suggestion = new Suggestion(BASE);
  spot.propose(suggestion);
  suggestion.ready(NEW);
  return { spot, suggestion };
}

/** Begin to revise a change; what the user writes. */
function revised(spot: Spot, index: number, text: string): IRevision {
  const hunk = spot.suggestion?.hunks()[index];
  if (hunk) {
    beginRevision(spot, hunk);
  }
  const revision = spot.revision as IRevision;
  revision.text = text;
  return revision;
}

test('the words that are put in stand in the place of that change alone', () => {
  const { spot, suggestion } = made();
  revised(spot, 0, 'x = 11\nw = 0');
  expect(suggestion.text).toBe(NEW);
  expect(endRevision(spot)).toBe(true);
  expect(suggestion.text).toBe('import math\n\nx = 11\nw = 0\ny = 2\nz = 30');
  expect([suggestion.isEdited, spot.revision]).toEqual([true, null]);
});

test('it begins with the proposed lines; no words at all are no line', () => {
  const { spot, suggestion } = made();
  const [hunk] = suggestion.hunks();
  if (hunk) {
    beginRevision(spot, hunk);
  }
  const revision = spot.revision as IRevision;
  expect(revision.text).toBe('x = 10');
  expect(revisedText({ ...revision, text: '' })).toBe('import math\n\ny = 2\nz = 30');
});

test('only a change that is shown and whole is revised', () => {
  const { spot, suggestion } = made();
  const [hunk] = suggestion.hunks();
  suggestion.revise(BASE.replace('y', 'why'));
  if (hunk) {
    beginRevision(spot, hunk);
  }
  expect(spot.revision).toBeNull();
  expect(endRevision(spot)).toBe(true);
});

test('what changed elsewhere meanwhile stays', () => {
  const { spot, suggestion } = made();
  revised(spot, 0, 'x = 11');
  const other = suggestion.hunks()[1];
  if (other) {
    suggestion.refuseHunk(other);
  }
  expect(endRevision(spot)).toBe(true);
  expect(suggestion.text).toBe('import math\n\nx = 11\ny = 2\nz = 3');
});

test('where the change itself became another one the words are kept, not written', () => {
  const { spot, suggestion } = made();
  const revision = revised(spot, 0, 'x = 11');
  suggestion.revise(NEW.replace('x = 10', 'x = 12'));
  expect(endRevision(spot)).toBe(false);
  expect(spot.revision).toBe(revision);
  expect(suggestion.text).toContain('x = 12');
});

function editor(text: string): {
  field: HTMLTextAreaElement;
  ended: boolean[];
  press: (init: KeyboardEventInit) => void;
} {
  // jsdom has no editing commands, as a browser may have none.
  Object.assign(document, { execCommand: () => false });
  const ended: boolean[] = [];
  const { spot } = made();
  const revision = revised(spot, 0, text);
  const actions = {
    runKey: () => false,
    trans: nullTranslator.load('jupyter_spark'),
    revised: (isDone: boolean) => void ended.push(isDone)
  };
  const field = revisionEditor(revision, actions).querySelector('textarea') as HTMLTextAreaElement;
  field.setSelectionRange(text.length, text.length);
  const press = (init: KeyboardEventInit): void => {
    field.dispatchEvent(new KeyboardEvent('keydown', { ...init, cancelable: true }));
  };
  return { field, ended, press };
}

test('Enter goes on as deep as the line before, Tab goes in', () => {
  const { field, press } = editor('if x:\n    y = 1');
  press({ key: 'Enter' });
  press({ key: 'Tab' });
  expect(field.value).toBe('if x:\n    y = 1\n        ');
  expect(field.rows).toBe(3);
});

test('Ctrl+Enter is done, Escape leaves, and an unfinished character is neither', () => {
  const { ended, press } = editor('x');
  press({ key: 'Escape', isComposing: true });
  press({ key: 'Enter', ctrlKey: true });
  press({ key: 'Escape' });
  expect(ended).toEqual([true, false]);
});
