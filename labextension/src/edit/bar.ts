/** The bar below a proposal: what can be done with it, its checks and its speed in one quiet line. */

import type { Panel } from '@codemirror/view';
import type { TranslationBundle } from '@jupyterlab/translation';
import { statusOf } from './barstatus';
import { asIsland, type RunKey } from './island';
import { outsideOf } from './scope';
import type { Spot } from './spot';
import type { Suggestion } from './suggestion';

export interface IBarActions {
  trans: TranslationBundle;
  runKey: RunKey;
  /** What a key is called here, e.g. `⌘↵`. */
  keys: { accept: string; reject: string; edit: string };
  accept: (spot: Spot) => void;
  reject: (spot: Spot) => void;
  stop: (spot: Spot) => void;
  retry: (spot: Spot) => void;
  why: (spot: Spot) => void;
  step: (spot: Spot, by: 1 | -1) => void;
  walk: (spot: Spot, by: 1 | -1) => void;
  edit: (spot: Spot) => void;
  confine: (spot: Spot) => void;
  alternatives: (spot: Spot) => void;
  /** Whether the proposal was asked for here, so that it can be asked for again. */
  hasQuestion: (spot: Spot) => boolean;
  /** Whether the proposal came of a turn, which can be explained and asked for in other ways. */
  hasTurn: (spot: Spot) => boolean;
  /** Whether there may be other ways, and whether they can be asked for now. */
  isVaried: (spot: Spot) => boolean;
  canVary: (spot: Spot) => boolean;
}

export function barPanel(spot: Spot, actions: IBarActions): Panel {
  const bar = new Bar(spot, actions);
  const leave = spot.watch(() => bar.later());
  bar.show();
  return { dom: bar.element, top: false, destroy: leave };
}

class Bar {
  constructor(
    private readonly _spot: Spot,
    private readonly _actions: IBarActions
  ) {
    this.element = document.createElement('div');
    this.element.className = 'jp-Spark-bar';
    this.element.setAttribute('role', 'toolbar');
    this.element.setAttribute('aria-label', _actions.trans.__('Proposed change'));
    this._status.className = 'jp-Spark-barStatus';
    this._status.setAttribute('role', 'status');
    this._figures.className = 'jp-Spark-barFigures';
    this._buttons.className = 'jp-Spark-barButtons';
    this.element.addEventListener('keydown', event => this._onKey(event));
    asIsland(this.element, _actions.runKey);
    this.element.append(this._buttons, this._status, this._figures);
  }

  readonly element: HTMLElement;

  later(): void {
    this._frame = this._frame || requestAnimationFrame(() => this.show());
  }

  show(): void {
    this._frame = 0;
    const { suggestion, word, revision } = this._spot;
    const isOutside = suggestion ? outsideOf(suggestion).length > 0 : false;
    const canVary = this._actions.canVary(this._spot);
    const hasWays = (suggestion?.ways.length ?? 0) > 1;
    const isEmpty = suggestion?.hunks().length === 0;
    const about = [hasWays, isOutside, canVary, isEmpty, revision !== null, this._actions.hasTurn(this._spot)];
    const mode = `${suggestion?.state ?? ''} ${about.join(' ')}`;
    if (mode !== this._mode) {
      this._mode = mode;
      this._remake(suggestion);
    }
    const [status, kind] = statusOf(suggestion, word, this._actions.trans);
    put(this._status, status);
    this._status.className = `jp-Spark-barStatus jp-mod-${kind}`;
    put(this._figures, suggestion?.figures.join(' · ') ?? '');
    if (this._count && suggestion) {
      put(this._count, this._actions.trans.__('%1 of %2', suggestion.shown + 1, suggestion.ways.length));
    }
  }

  /** The arrow keys walk through the ways, wherever in the bar the keyboard is. */
  private _onKey(event: KeyboardEvent): void {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const hasModifier = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
    if (by && !hasModifier && (this._spot.suggestion?.ways.length ?? 0) > 1) {
      this._actions.walk(this._spot, by);
      event.preventDefault();
    }
  }

  /** Buttons are made once for each state, so that a focused one stays while text changes. */
  private _remake(suggestion: Suggestion | null): void {
    const focused = this._buttons.contains(document.activeElement) ? document.activeElement : null;
    const name = focused instanceof HTMLElement ? focused.dataset.act : undefined;
    this._count = null;
    this._buttons.replaceChildren(...this._made(suggestion));
    if (focused) {
      const buttons = [...this._buttons.querySelectorAll('button')];
      (buttons.find(one => one.dataset.act === name) ?? buttons[0])?.focus({ preventScroll: true });
    }
  }

  private _made(suggestion: Suggestion | null): HTMLElement[] {
    const [spot, actions] = [this._spot, this._actions];
    const { trans } = actions;
    // While a change is put into other words the keys are about those.
    const keys = spot.revision ? { accept: '', reject: '' } : actions.keys;
    const act = (label: string, run: (spot: Spot) => void, key = '', isMain = false): HTMLElement =>
      button(label, () => run(spot), key, isMain);
    switch (suggestion?.state) {
      case 'ready':
        if (!suggestion.hunks().length) {
          return [
            act(trans.__('Close'), actions.reject, keys.reject),
            ...this._others(false),
            ...this._ways(suggestion)
          ];
        }
        return [
          act(trans.__('Accept'), actions.accept, keys.accept, true),
          act(trans.__('Reject'), actions.reject, keys.reject),
          ...(outsideOf(suggestion).length ? [act(trans.__('Keep to the selection'), actions.confine)] : []),
          ...this._steps(),
          ...this._others(true),
          ...this._ways(suggestion) // at the end: it comes later, and moves no button from under the mouse
        ];
      case 'waiting':
      case 'streaming':
        return [act(trans.__('Stop'), actions.stop, keys.reject)];
      case 'stopped':
      case 'failed':
        return [
          ...(actions.hasQuestion(spot) ? [act(trans.__('Retry'), actions.retry)] : []),
          act(trans.__('Close'), actions.reject, keys.reject)
        ];
      default:
        return [act(trans.__('Close'), actions.reject, keys.reject)];
    }
  }

  /** What else can be done with a whole proposal. */
  private _others(canEdit: boolean): HTMLElement[] {
    const [spot, actions] = [this._spot, this._actions];
    const { trans } = actions;
    const quiet = (label: string, title: string, run: (spot: Spot) => void): HTMLElement => {
      const element = button(label, () => run(spot), '', false);
      element.className = 'jp-Spark-quiet';
      element.title = title;
      return element;
    };
    const edit = quiet(trans.__('Edit'), trans.__('Change the proposed lines (%1)', actions.keys.edit), actions.edit);
    const retry = quiet(trans.__('Retry'), trans.__('Ask the same again'), actions.retry);
    const more = quiet(trans.__('Alternatives'), trans.__('Ask for other ways to do it'), actions.alternatives);
    const why = quiet(trans.__('Why?'), trans.__('Have the change explained in the chat'), actions.why);
    if (!actions.canVary(spot)) {
      more.setAttribute('aria-disabled', 'true'); // it keeps its place, and the keyboard
    }
    const hasTurn = actions.hasTurn(spot);
    return [
      ...(canEdit ? [edit] : []),
      ...(actions.hasQuestion(spot) ? [retry] : []),
      ...(hasTurn && actions.isVaried(spot) ? [more] : []),
      ...(hasTurn ? [why] : [])
    ];
  }

  private _steps(): HTMLElement[] {
    const { trans, step } = this._actions;
    return [
      icon('↑', trans.__('Previous change'), () => step(this._spot, -1)),
      icon('↓', trans.__('Next change'), () => step(this._spot, 1))
    ];
  }

  /** Walks through several ways, if there are. */
  private _ways(suggestion: Suggestion): HTMLElement[] {
    const { trans } = this._actions;
    if (suggestion.ways.length < 2) {
      return [];
    }
    const group = document.createElement('span');
    group.className = 'jp-Spark-ways';
    group.setAttribute('role', 'group');
    group.setAttribute('aria-label', trans.__('Alternatives'));
    const walk = (by: 1 | -1): void => this._actions.walk(this._spot, by);
    this._count = document.createElement('span');
    this._count.setAttribute('role', 'status');
    group.append(
      icon('‹', trans.__('Previous alternative'), () => walk(-1)),
      this._count,
      icon('›', trans.__('Next alternative'), () => walk(1))
    );
    return [group];
  }

  private readonly _buttons = document.createElement('span');
  private readonly _status = document.createElement('span');
  private readonly _figures = document.createElement('span');
  private _count: HTMLElement | null = null;
  private _mode = '-';
  private _frame = 0;
}

function put(element: HTMLElement, text: string): void {
  if (element.textContent !== text) {
    element.textContent = text;
    element.title = text;
  }
}

function button(label: string, run: () => void, key: string, isMain: boolean): HTMLElement {
  const element = document.createElement('button');
  element.type = 'button';
  element.className = `jp-Spark-act${isMain ? ' jp-mod-main' : ''}`;
  element.textContent = label;
  element.dataset.act = label;
  if (key) {
    const hint = element.appendChild(document.createElement('kbd'));
    hint.textContent = key;
    hint.setAttribute('aria-hidden', 'true');
  }
  element.addEventListener('click', run);
  return element;
}

function icon(sign: string, label: string, run: () => void): HTMLElement {
  const element = button(sign, run, '', false);
  element.className = 'jp-Spark-quiet';
  element.title = label;
  element.setAttribute('aria-label', label);
  return element;
}
