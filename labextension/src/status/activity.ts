/** What Spark is doing now and what the last turns took: for the status bar, and for whoever wants to know. */

import type { CompletionEnded, TurnEvent, TurnFigures, TurnRequested } from '../_wire';
import type { ChannelState } from '../channel/channel';
import type { Tier } from '../chat/turn';
import { Watched } from '../watched';

export type SparkState = 'idle' | 'thinking' | 'streaming' | 'offline';

/** What the last turn of a tier took. */
export interface ILast {
  readonly tier: Tier;
  readonly model: string;
  readonly figures: TurnFigures;
}

interface IRunning {
  tier: Tier;
  model: string;
  streams: boolean;
}

/** At most four changes a second are told, the last one always: a status bar is read, not watched. */
const QUIET_MS = 250;
/** How long something is told that is told in passing. */
const NOTE_MS = 6000;
const KEPT_KEY = 'jupyter-spark:figures';

export class Activity extends Watched {
  /** @param _storage - where the figures outlive a reload */
  constructor(private readonly _storage: Pick<Storage, 'getItem' | 'setItem'> | null = null) {
    super();
    this._takeUp();
  }

  /** What the last turn of each tier took. */
  readonly last = new Map<Tier, ILast>();
  /** The last turn of all. */
  latest: ILast | null = null;
  /** The last completion. */
  completion: CompletionEnded | null = null;

  /** What is told in passing, and why; null most of the time. */
  noted: { readonly words: string; readonly why: string } | null = null;

  /** Tell something in passing: it goes by itself, or with whatever comes next. */
  note(words: string, why = ''): void {
    this.noted = { words, why };
    window.clearTimeout(this._noteTimer);
    this._noteTimer = window.setTimeout(() => this._unnote(), NOTE_MS);
    this._tell();
  }

  private _unnote(): void {
    this.noted = null;
    this._tell();
  }

  get state(): SparkState {
    if (this._connection !== 'open') {
      return 'offline';
    }
    const running = [...this._running.values()];
    return running.some(turn => turn.streams) ? 'streaming' : running.length ? 'thinking' : 'idle';
  }

  setConnection(state: ChannelState): void {
    this._connection = state;
    this._tell();
  }

  onTurn(turnId: string, what: TurnRequested | TurnEvent | 'streamed' | 'gone'): void {
    if (what === 'gone') {
      this._running.delete(turnId);
    } else if (what === 'streamed') {
      const running = this._running.get(turnId);
      if (!running || running.streams) {
        return;
      }
      running.streams = true;
    } else if (!this._onEvent(turnId, what)) {
      return;
    }
    this._tell();
  }

  onCompletion(frame: CompletionEnded): void {
    this.completion = frame;
    this.noted = null;
    this._tell();
  }

  private _onEvent(turnId: string, event: TurnRequested | TurnEvent): boolean {
    switch (event.type) {
      case 'turn_requested':
        this._running.set(turnId, { tier: event.tier ?? 'spark', model: '', streams: false });
        this.noted = null;
        return true;
      case 'turn_started':
        this._running.set(turnId, { tier: event.tier, model: event.model, streams: false });
        return true;
      case 'turn_finished':
      case 'turn_failed':
      case 'turn_cancelled':
        this._end(turnId, event.figures, event.type === 'turn_finished' ? event.model : '');
        return true;
      default:
        return false;
    }
  }

  private _end(turnId: string, figures: TurnFigures, model: string): void {
    const running = this._running.get(turnId);
    this._running.delete(turnId);
    if (running) {
      this.latest = { tier: running.tier, model: model || running.model, figures };
      this.last.set(running.tier, this.latest);
      this._storage?.setItem(KEPT_KEY, JSON.stringify([...this.last.values(), this.latest]));
    }
  }

  /** The figures from before a reload; the last one of them is the latest. */
  private _takeUp(): void {
    try {
      const kept = JSON.parse(this._storage?.getItem(KEPT_KEY) ?? '[]') as ILast[];
      kept.forEach(last => this.last.set(last.tier, last));
      this.latest = kept[kept.length - 1] ?? null;
    } catch {
      // It is of another version, or nothing may be read: then nothing is known yet.
    }
  }

  private _tell(): void {
    if (this._timer) {
      this._isDue = true;
      return;
    }
    this.changed();
    this._timer = window.setTimeout(() => {
      this._timer = 0;
      if (this._isDue) {
        this._isDue = false;
        this._tell();
      }
    }, QUIET_MS);
  }

  private readonly _running = new Map<string, IRunning>();
  private _connection: ChannelState = 'connecting';
  private _timer = 0;
  private _isDue = false;
  private _noteTimer = 0;
}
