/** The item in the status bar, and the figures that a click opens. */

import { Popup } from '@jupyterlab/statusbar';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { SpentList } from '../_wire';
import { sparkIcon } from '../chat/icon';
import type { Tier } from '../chat/turn';
import type { ISpark } from '../tokens';
import type { SparkState } from './activity';
import { dayBegan, dayRows, lastRows, speed, type Row } from './rows';

/** Tier, state, and the speed of the last turn. */
export class StatusItem extends ReactWidget {
  constructor(private readonly _spark: ISpark) {
    super();
    this.addClass('jp-Spark-statusItem');
    const update = (): void => this.update();
    this._leave = [_spark.activity, _spark.store, _spark.setup].map(one => one.watch(update));
  }

  render(): React.JSX.Element {
    const { activity, store, setup, trans } = this._spark;
    // Nobody can answer while the settings cannot be read.
    const isBroken = setup.problem !== '' && activity.state === 'idle';
    const state = isBroken ? 'broken' : activity.state;
    const words = stateWord(state, trans);
    const rate = activity.latest?.figures.tokens_per_s;
    const noted = state === 'idle' ? activity.noted : null;
    const said = noted?.words ?? (state === 'idle' && rate ? speed(rate) : '');
    const parts = [tierName(store.tier, trans), words, said].filter(part => part);
    return (
      <button
        className="jp-Spark-status"
        data-state={state}
        data-noted={noted !== null}
        aria-haspopup="dialog"
        aria-expanded={this._popup !== null}
        aria-label={trans.__('Spark: %1. Show figures', parts.join(', '))}
        title={isBroken ? setup.problem : noted?.why || trans.__('Spark: show figures')}
        onClick={() => this._toggle()}
      >
        <sparkIcon.react tag="span" width="13px" height="13px" />
        <span>{parts.join(' · ')}</span>
      </button>
    );
  }

  dispose(): void {
    this._leave.forEach(leave => leave());
    this._popup?.dispose();
    super.dispose();
  }

  private _toggle(): void {
    if (this._popup) {
      this._popup.dispose();
      return;
    }
    if (this._spark.setup.problem) {
      void this._spark.setup.refresh(); // what was wrong may be mended by now
    }
    const figures = new FiguresView(this._spark);
    // Not showPopup: the item must know of it before it is drawn.
    const popup = new Popup({ body: figures, anchor: this, align: 'right', hasDynamicSize: true });
    this._popup = popup;
    popup.disposed.connect(() => {
      const hadFocus = figures.node.contains(document.activeElement) || document.activeElement === document.body;
      this._popup = null;
      figures.dispose();
      this.update();
      if (hadFocus) {
        this.node.querySelector('button')?.focus();
      }
    });
    popup.launch();
    figures.node.focus();
    this.update();
  }

  private readonly _leave: (() => void)[];
  private _popup: Popup | null = null;
}

/** The figures of the last turns, and of the day. */
class FiguresView extends ReactWidget {
  constructor(private readonly _spark: ISpark) {
    super();
    const { trans } = _spark;
    this.addClass('jp-Spark-figuresPopup');
    this.node.tabIndex = -1;
    this.node.setAttribute('role', 'dialog');
    this.node.setAttribute('aria-label', trans.__('Figures of Spark'));
    const leave = [
      _spark.activity.watch(() => {
        this.update();
        void this._refresh();
      }),
      _spark.setup.watch(() => this.update())
    ];
    this._leave = () => leave.forEach(stop => stop());
    void this._refresh();
  }

  render(): React.JSX.Element {
    const { activity, setup, trans } = this._spark;
    const problem = activity.completion?.message;
    return (
      <>
        {setup.problem && <p className="jp-Spark-problem">{setup.problem}</p>}
        <Table caption={trans.__('Last turn')} rows={lastRows(activity, trans)} trans={trans} />
        <Table caption={trans.__('Today')} rows={dayRows(this._day, trans)} trans={trans} />
        {problem && <p>{trans.__('Last completion: %1', `${problem} ${activity.completion?.hint ?? ''}`)}</p>}
      </>
    );
  }

  dispose(): void {
    this._leave();
    super.dispose();
  }

  private async _refresh(): Promise<void> {
    try {
      this._day = await this._spark.rest.get<SpentList>('spent', { since_s: `${dayBegan(new Date())}` });
    } catch {
      this._day = null; // the server is away; the item says so
    }
    this.update();
  }

  private readonly _leave: () => void;
  private _day: SpentList | null = null;
}

function Table(props: { caption: string; rows: Row[]; trans: TranslationBundle }): React.JSX.Element {
  const { caption, rows, trans } = props;
  return (
    <table>
      <caption>{caption}</caption>
      <thead>
        <tr>
          <td />
          <th scope="col">{tierName('spark', trans)}</th>
          <th scope="col">{tierName('deep', trans)}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([heading, ...cells]) => (
          <tr key={heading}>
            <th scope="row">{heading}</th>
            {cells.map((cell, index) => (
              <td key={index}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function tierName(tier: Tier, trans: TranslationBundle): string {
  return tier === 'deep' ? trans.__('Deep') : trans.__('Fast');
}

/** What Spark does now, in a word; nothing while it rests. */
function stateWord(state: SparkState | 'broken', trans: TranslationBundle): string {
  const words: Record<SparkState | 'broken', string> = {
    broken: trans.__('needs attention'),
    idle: '',
    thinking: trans.__('thinking'),
    streaming: trans.__('streaming'),
    offline: trans.__('offline')
  };
  return words[state];
}
