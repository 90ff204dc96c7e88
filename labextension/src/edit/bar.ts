/** The bar below a proposal: what can be done with it, its checks and its speed in one quiet line. */

import type { Panel } from '@codemirror/view';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CheckResult } from '../_wire';
import { asIsland, type RunKey } from './island';
import type { Spot } from './spot';
import type { Suggestion } from './suggestion';

export interface IBarActions {
  trans: TranslationBundle;
  runKey: RunKey;
  /** What a key is called here, e.g. `⌘↵`. */
  keys: { accept: string; reject: string };
  accept: (spot: Spot) => void;
  reject: (spot: Spot) => void;
  stop: (spot: Spot) => void;
  retry: (spot: Spot) => void;
  why: (spot: Spot) => void;
  step: (spot: Spot, by: 1 | -1) => void;
  /** Whether the proposal came of a turn, which can be asked again and explained. */
  hasTurn: (spot: Spot) => boolean;
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
    asIsland(this.element, _actions.runKey);
    this.element.append(this._buttons, this._status, this._figures);
  }

  readonly element: HTMLElement;

  later(): void {
    this._frame = this._frame || requestAnimationFrame(() => this.show());
  }

  show(): void {
    this._frame = 0;
    const { suggestion, word } = this._spot;
    const mode = `${suggestion?.state ?? ''} ${suggestion?.ways.length ?? 0}`;
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

  /** Buttons are made once for each state, so that a focused one stays while text changes. */
  private _remake(suggestion: Suggestion | null): void {
    const hadFocus = this._buttons.contains(document.activeElement);
    this._count = null;
    this._buttons.replaceChildren(...this._made(suggestion));
    if (hadFocus) {
      this._buttons.querySelector('button')?.focus({ preventScroll: true });
    }
  }

  private _made(suggestion: Suggestion | null): HTMLElement[] {
    const [spot, actions] = [this._spot, this._actions];
    const { trans, keys } = actions;
    const act = (label: string, run: (spot: Spot) => void, key = '', isMain = false): HTMLElement =>
      button(label, () => run(spot), key, isMain);
    switch (suggestion?.state) {
      case 'ready':
        return [
          act(trans.__('Accept'), actions.accept, keys.accept, true),
          act(trans.__('Reject'), actions.reject, keys.reject),
          ...this._steps(),
          ...(suggestion.ways.length > 1 ? this._ways() : []),
          ...(actions.hasTurn(spot) ? [act(trans.__('Retry'), actions.retry), act(trans.__('Why?'), actions.why)] : [])
        ];
      case 'waiting':
      case 'streaming':
        return [act(trans.__('Stop'), actions.stop, keys.reject)];
      case 'stopped':
      case 'failed':
        return [
          ...(actions.hasTurn(spot) ? [act(trans.__('Retry'), actions.retry)] : []),
          act(trans.__('Close'), actions.reject, keys.reject)
        ];
      default:
        return [act(trans.__('Close'), actions.reject)];
    }
  }

  private _steps(): HTMLElement[] {
    const { trans, step } = this._actions;
    return [
      icon('↑', trans.__('Previous change'), () => step(this._spot, -1)),
      icon('↓', trans.__('Next change'), () => step(this._spot, 1))
    ];
  }

  /** Walks through several ways, with the arrow keys too. */
  private _ways(): HTMLElement[] {
    const { trans } = this._actions;
    const group = document.createElement('span');
    group.className = 'jp-Spark-ways';
    group.setAttribute('role', 'group');
    group.setAttribute('aria-label', trans.__('Alternatives'));
    const walk = (by: number): void => {
      const { suggestion } = this._spot;
      if (suggestion) {
        const count = suggestion.ways.length;
        suggestion.choose((suggestion.shown + by + count) % count);
      }
    };
    this._count = document.createElement('span');
    group.append(
      icon('‹', trans.__('Previous alternative'), () => walk(-1)),
      this._count,
      icon('›', trans.__('Next alternative'), () => walk(1))
    );
    group.addEventListener('keydown', event => {
      if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
        walk(event.key === 'ArrowRight' ? 1 : -1);
        event.preventDefault();
        event.stopPropagation();
      }
    });
    return [group];
  }

  private readonly _buttons = document.createElement('span');
  private readonly _status = document.createElement('span');
  private readonly _figures = document.createElement('span');
  private _count: HTMLElement | null = null;
  private _mode = '-';
  private _frame = 0;
}

/** One quiet line, and whether it is good news. */
function statusOf(
  suggestion: Suggestion | null,
  word: string,
  trans: TranslationBundle
): [words: string, kind: 'plain' | 'good' | 'bad' | 'live'] {
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
      return checksOf(suggestion, trans);
    default:
      return ['', 'plain'];
  }
}

function checksOf(suggestion: Suggestion, trans: TranslationBundle): [string, 'plain' | 'good' | 'bad'] {
  const failed = suggestion.checks.filter(check => !check.ok);
  if (suggestion.isEdited) {
    return [trans.__('with your own changes'), 'plain'];
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
