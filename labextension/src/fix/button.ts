/** The row below an error: the button that mends it, and whether a fix is there already. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { sparkIcon } from '../chat/icon';
import { asIsland, type RunKey } from '../edit/island';
import type { PrefetchState } from './prefetch';

export interface IFixActions {
  trans: TranslationBundle;
  runKey: RunKey;
  fix: () => void;
  explain: () => void;
  /** Give the keyboard back to the cell. */
  leave: () => void;
}

/** A row that stands in a cell's outputs as long as there is an error among them. */
export class FixRow {
  constructor(actions: IFixActions) {
    const { trans } = actions;
    this.element.className = 'jp-Spark-fix';
    this.element.setAttribute('role', 'group');
    this.element.setAttribute('aria-label', trans.__('This error'));
    const fix = this._button(trans.__('Fix'), 'jp-Spark-act', actions.fix);
    fix.title = trans.__('Fix with Spark: the change is shown in the cell');
    sparkIcon.element({ container: fix.insertBefore(document.createElement('span'), fix.firstChild) });
    const explain = this._button(trans.__('Explain'), 'jp-Spark-quiet', actions.explain);
    explain.title = trans.__('Explain this error in the chat');
    this._state.className = 'jp-Spark-fixState';
    this._state.setAttribute('role', 'status');
    this.element.append(this._state);
    this._words = { none: '', running: trans.__('a fix is on its way'), ready: trans.__('a fix is ready') };
    this.element.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        event.preventDefault();
        actions.leave();
      }
    });
    asIsland(this.element, actions.runKey);
  }

  readonly element = document.createElement('div');

  show(state: PrefetchState): void {
    this.element.dataset.prefetch = state;
    if (this._state.textContent !== this._words[state]) {
      this._state.textContent = this._words[state];
    }
  }

  private _button(label: string, className: string, run: () => void): HTMLButtonElement {
    const button = this.element.appendChild(document.createElement('button'));
    button.type = 'button';
    button.className = className;
    button.textContent = label;
    button.addEventListener('click', run);
    return button;
  }

  private readonly _state = document.createElement('span');
  private readonly _words: Record<PrefetchState, string>;
}
