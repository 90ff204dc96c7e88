/** Cells that were asked together: what is still to be judged of them, and the buttons that judge all at once. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Spot } from './spot';

/** The cells of a question whose changes are not judged yet, in the notebook's order. */
export function openOf(spot: Spot): Spot[] {
  const { together } = spot;
  // One that was asked for something else meanwhile is no longer among them.
  return together.filter(one => one.together === together && one.suggestion?.isOpen && one.cell);
}

/** Those of them whose changes are whole. */
export function readyOf(spot: Spot): Spot[] {
  return openOf(spot).filter(one => one.suggestion?.state === 'ready');
}

/** The cell that is to be judged after this one: the next one below, else the first; null if none is left. */
export function nextOf(spot: Spot): Spot | null {
  const at = spot.together.indexOf(spot);
  const rest = openOf(spot).filter(one => one !== spot);
  return rest.find(one => spot.together.indexOf(one) > at) ?? rest[0] ?? null;
}

/** Whether these words were sent for what is on its way or shown whole: to send them again would bring nothing. */
export function isAsked(spot: Spot, words: string): boolean {
  const { suggestion, sent } = spot;
  return sent === words && !!suggestion && (suggestion.isRunning || suggestion.state === 'ready');
}

export interface ITogetherActions {
  trans: TranslationBundle;
  acceptAll(spot: Spot): void;
  rejectAll(spot: Spot): void;
}

/** The buttons beside a prompt that is about several cells; they are there while more than one is to be judged. */
export class TogetherButtons {
  constructor(
    private readonly _spot: Spot,
    private readonly _actions: ITogetherActions
  ) {
    this.element.className = 'jp-Spark-together';
    this.element.hidden = true;
    this._accept = this._button(() => _actions.acceptAll(_spot));
    this._accept.classList.add('jp-mod-main');
    this._reject = this._button(() => _actions.rejectAll(_spot));
    this._reject.textContent = _actions.trans.__('Reject all');
  }

  readonly element = document.createElement('span');

  show(): void {
    this._follow(this._spot.together);
    const [open, ready] = [openOf(this._spot).length, readyOf(this._spot).length];
    this.element.hidden = open < 2;
    this._accept.disabled = !ready;
    this._accept.textContent = this._actions.trans.__('Accept all (%1)', ready);
  }

  dispose(): void {
    this._follow([]);
  }

  /** The other cells' changes count, too. */
  private _follow(together: readonly Spot[]): void {
    if (this._followed !== together) {
      this._followed = together;
      this._leave.forEach(leave => leave());
      this._leave = together.filter(one => one !== this._spot).map(one => one.watch(() => this.show()));
    }
  }

  private _button(run: () => void): HTMLButtonElement {
    const button = this.element.appendChild(document.createElement('button'));
    button.type = 'button';
    button.className = 'jp-Spark-act';
    button.addEventListener('click', run);
    return button;
  }

  private readonly _accept: HTMLButtonElement;
  private readonly _reject: HTMLButtonElement;
  private _followed: readonly Spot[] = [];
  private _leave: (() => void)[] = [];
}
