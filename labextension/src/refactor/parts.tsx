/** Small parts of the review tab. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Announcer } from '../chat/announcer';
import type { FindColours } from '../edit/presenter';
import type { Watched } from '../watched';
import type { NotebookRefactors } from './refactors';
import type { VerifyMode } from './review';

/** What the tab is drawn with. */
export interface IRefactorTools {
  readonly trans: TranslationBundle;
  readonly announcer: Announcer;
  readonly colours: FindColours;
  /** The language of the notebook's code. */
  mimeType(): string;
  /** Bring a cell of the notebook into view. */
  show(cellId: string): void;
  /** Whether the notebook is open in the page; it may still be loading. */
  isOpen(): boolean;
  /** Open the notebook, or bring it to the front. */
  open(): void;
}

export interface IRefactorProps {
  readonly refactors: NotebookRefactors;
  readonly tools: IRefactorTools;
}

/** Draw again after each change, at most once a frame. */
export function useRedraw(watched: Watched): void {
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    let [frame, isLate] = [0, false];
    const leave = watched.watch(() => {
      isLate = frame !== 0;
      if (!isLate) {
        // At once: a box that is ticked would fall back to what it was until the next frame.
        redraw();
        frame = requestAnimationFrame(() => {
          frame = 0;
          if (isLate) {
            isLate = false;
            redraw();
          }
        });
      }
    });
    return () => {
      leave();
      cancelAnimationFrame(frame);
    };
  }, [watched]);
}

export interface IActProps {
  readonly label: string;
  readonly run: () => void;
  readonly isMain?: boolean;
  readonly disabled?: boolean;
  readonly title?: string;
  readonly expanded?: boolean;
}

export function Act({ label, run, isMain, disabled, title, expanded }: IActProps): React.JSX.Element {
  return (
    <button
      type="button"
      className={`jp-Spark-act${isMain ? ' jp-mod-main' : ''}`}
      disabled={disabled}
      title={title}
      aria-expanded={expanded}
      onClick={run}
    >
      {label}
    </button>
  );
}

export type MarkKind = 'ok' | 'look' | 'bad' | 'quiet' | 'busy';
const SIGNS: Record<MarkKind, string> = { ok: '✓', look: '!', bad: '✗', quiet: '', busy: '' };

/** A word with a sign, so that its colour is not all that tells. */
export function Mark({ kind, children }: { kind: MarkKind; children: React.ReactNode }): React.JSX.Element {
  return (
    <span className={`jp-Spark-mark jp-mod-${kind}`}>
      {SIGNS[kind] && <span aria-hidden="true">{SIGNS[kind]} </span>}
      {children}
    </span>
  );
}

export interface IListRow {
  readonly key: string;
  readonly place: string;
  readonly title: string;
  readonly note?: string;
  readonly mark?: React.ReactNode;
  /** A box to tick; without one the row has none. */
  readonly tick?: { readonly label: string; readonly isTicked: boolean; readonly disabled?: boolean };
  readonly isOff?: boolean;
}

export interface IListProps {
  readonly label: string;
  readonly rows: readonly IListRow[];
  readonly selected: string;
  readonly onSelect: (key: string) => void;
  readonly onTick?: (key: string, isTicked: boolean) => void;
}

/** The rows at the left; arrow keys walk through them. */
export function List({ label, rows, selected, onSelect, onTick }: IListProps): React.JSX.Element {
  const list = React.useRef<HTMLUListElement>(null);
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const buttons = [...(list.current?.querySelectorAll('button') ?? [])];
    const next = by ? buttons[buttons.indexOf(event.target as HTMLButtonElement) + by] : undefined;
    if (next && (event.target as HTMLElement).tagName === 'BUTTON') {
      event.preventDefault();
      next.focus();
      next.click();
    }
  };
  return (
    <ul ref={list} className="jp-SparkRefactor-list" aria-label={label} onKeyDown={onKeyDown}>
      {rows.map(({ key, place, title, note, mark, tick, isOff }) => (
        <li key={key} className={isOff ? 'jp-mod-off' : ''} aria-current={key === selected}>
          {tick && (
            <input
              type="checkbox"
              aria-label={tick.label}
              checked={tick.isTicked}
              disabled={tick.disabled}
              onChange={event => onTick?.(key, event.target.checked)}
            />
          )}
          <button type="button" onClick={() => onSelect(key)}>
            <span className="jp-SparkRefactor-place">{place}</span>
            <span className="jp-SparkRefactor-what">
              {title}
              {note && <small>{note}</small>}
            </span>
            {mark}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** How it is proved that the notebook still does what it did. */
export function VerifySwitch(props: IRefactorProps & { onChange?: (mode: VerifyMode) => void }): React.JSX.Element {
  const { refactors, tools, onChange } = props;
  const { trans } = tools;
  const names: Record<VerifyMode, string> = {
    none: trans.__('none'),
    static: trans.__('static'),
    run: trans.__('run')
  };
  const told: Record<VerifyMode, string> = {
    none: trans.__('Only each cell is checked'),
    static: trans.__('The notebook is checked as a whole, without running it'),
    run: trans.__('The notebook is run before and after, in fresh kernels and copies of its folder, and compared')
  };
  return (
    <fieldset className="jp-SparkRefactor-verify">
      <legend>{trans.__('Verify')}</legend>
      {(Object.keys(names) as VerifyMode[]).map(mode => (
        <label key={mode} title={told[mode]}>
          <input
            type="radio"
            name={`jp-spark-verify-${refactors.path}`}
            checked={refactors.verify === mode}
            onChange={() => {
              refactors.setVerify(mode);
              onChange?.(mode);
            }}
          />
          <span>{names[mode]}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** A cell as everybody calls it: its number from 0, as the checks tell of it. */
export function cellName(trans: TranslationBundle, index: number): string {
  return index < 0 ? trans.__('new') : trans.__('cell %1', index);
}
