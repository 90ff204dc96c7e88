/** The prompt above a cell: Enter sends, Shift+Enter breaks the line, Up recalls, Escape stops, then closes. */

import type { EditorView, Panel } from '@codemirror/view';
import type { TranslationBundle } from '@jupyterlab/translation';
import { sparkIcon } from '../chat/icon';
import { bringIn } from './anchor';
import { asIsland, type RunKey } from './island';
import type { Spot } from './spot';
import { type ITogetherActions, TogetherButtons } from './together';

export interface IPromptActions extends ITogetherActions {
  runKey: RunKey;
  /** Ask, or redirect what runs. */
  send(spot: Spot, words: string): void;
  /** Stop what runs, else leave the proposal, and close. */
  leave(spot: Spot): void;
  /** What was asked for before, the newest last. */
  recalled(): readonly string[];
  /** What the prompt is about, if that is not the whole cell alone. */
  scope(spot: Spot, view: EditorView): string;
}

const MAX_HEIGHT_PX = 160;
/** A cell that is moved is away for less than this; one that comes back later has lost the keyboard. */
const MOVED_MS = 500;

export function promptPanel(spot: Spot, view: EditorView, actions: IPromptActions): Panel {
  const { trans } = actions;
  const dom = document.createElement('div');
  dom.className = 'jp-Spark-prompt';
  dom.setAttribute('role', 'group');
  dom.setAttribute('aria-label', trans.__('Change this cell'));
  sparkIcon.element({ container: dom.appendChild(document.createElement('span')) });
  const field = dom.appendChild(document.createElement('textarea'));
  field.rows = 1;
  field.setAttribute('aria-label', trans.__('What to change'));
  const scope = dom.appendChild(document.createElement('span'));
  scope.className = 'jp-Spark-scope';
  const together = new TogetherButtons(spot, actions);
  dom.append(together.element);
  const hint = dom.appendChild(document.createElement('span'));
  hint.className = 'jp-Spark-hint';
  hint.setAttribute('aria-hidden', 'true');

  const show = (): void => {
    if (field.value !== spot.draft) {
      field.value = spot.draft;
      fitHeight(field);
    }
    scope.textContent = actions.scope(spot, view);
    scope.hidden = !scope.textContent;
    field.placeholder = spot.suggestion?.isOpen
      ? trans.__('Say more to redirect the change')
      : trans.__('Say what to change');
    hint.textContent = hintOf(spot, trans);
    together.show();
  };
  const leave = spot.watch(() => {
    show();
    if (spot.wantsKeyboard && field.isConnected) {
      takeKeyboard(spot, field); // it was open already
    }
  });
  show();
  field.addEventListener('input', () => {
    spot.draft = field.value;
    fitHeight(field);
  });
  const hadKeyboard = keyboardOf(field);
  new PromptKeys(field, spot, actions);
  asIsland(dom, actions.runKey);
  return {
    dom,
    top: true,
    mount: () => {
      fitHeight(field);
      // The keyboard goes with the prompt, but a prompt that is only drawn again takes it from nobody.
      if (spot.wantsKeyboard || performance.now() - spot.leftAt < MOVED_MS) {
        takeKeyboard(spot, field);
      }
    },
    destroy: () => {
      leave();
      together.dispose();
      spot.leftAt = hadKeyboard() ? performance.now() : -Infinity;
    }
  };
}

/** What the keys do now. */
function hintOf({ suggestion }: Spot, trans: TranslationBundle): string {
  if (suggestion?.isRunning) {
    return trans.__('↵ redirect · Esc stop');
  }
  return suggestion?.state === 'ready' ? trans.__('↵ send · Esc reject') : trans.__('↵ send · Esc close');
}

function takeKeyboard(spot: Spot, field: HTMLTextAreaElement): void {
  spot.wantsKeyboard = false;
  field.focus({ preventScroll: true });
  field.select();
  // What is drawn now is held still until it is drawn.
  requestAnimationFrame(() => [...spot.views].filter(view => view.dom.contains(field)).forEach(bringIn));
}

/** Whether a field has the keyboard, or had it when it was taken out of the page. */
function keyboardOf(field: HTMLTextAreaElement): () => boolean {
  let has = false;
  field.addEventListener('focus', () => (has = true));
  field.addEventListener('blur', () => (has = !field.isConnected));
  return () => has;
}

/** The keys of the field. */
class PromptKeys {
  constructor(
    private readonly _field: HTMLTextAreaElement,
    private readonly _spot: Spot,
    private readonly _actions: IPromptActions
  ) {
    _field.addEventListener('keydown', event => {
      if (!event.isComposing && this._handles(event)) {
        event.preventDefault();
        event.stopPropagation();
      }
    });
  }

  private _handles(event: KeyboardEvent): boolean {
    const [field, spot] = [this._field, this._spot];
    if (event.key === 'Enter' && !event.shiftKey && !event.ctrlKey && !event.metaKey) {
      const words = field.value.trim();
      if (words) {
        this._back = 0;
        this._actions.send(spot, words);
      }
      return true;
    }
    if (event.key === 'Escape') {
      this._actions.leave(spot);
      return true;
    }
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      return this._recall(event.key === 'ArrowUp' ? 1 : -1);
    }
    return false;
  }

  /** Walk through what was asked before, as long as nothing else was typed. */
  private _recall(step: 1 | -1): boolean {
    const said = this._actions.recalled();
    const next = this._back + step;
    const shown = this._back ? said[said.length - this._back] : '';
    const isOwn = this._field.value !== shown && !(this._back === 0 && this._isAllSelected());
    if (isOwn || next < 0 || next > said.length) {
      return false;
    }
    this._back = next;
    this._field.value = this._spot.draft = next ? (said[said.length - next] as string) : '';
    fitHeight(this._field);
    return true;
  }

  private _isAllSelected(): boolean {
    return this._field.selectionStart === 0 && this._field.selectionEnd === this._field.value.length;
  }

  private _back = 0;
}

function fitHeight(field: HTMLTextAreaElement): void {
  if (field.offsetParent) {
    field.style.height = 'auto';
    field.style.height = `${Math.min(field.scrollHeight, MAX_HEIGHT_PX)}px`;
  }
}
