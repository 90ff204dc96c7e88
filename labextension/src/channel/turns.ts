/** Gives each turn's news to whoever follows that turn, and asks for it again after a break. */

import type { EditJudged, PageFrame, Refused, ServerFrame, TurnEvent, TurnRequested } from '../_wire';
import {
  Channel,
  type ChannelState,
  type IChannelListener,
  type RefactorShortFrame,
  type ShortFrame,
  type SocketMaker
} from './channel';
import { RefactorChannel } from './refactors';

/** Who follows a turn. */
export interface ITurnReader {
  /** More words of the answer. */
  onWords(text: string): void;
  /** More whole lines of the edit. */
  onLines(lines: string[]): void;
  /** Anything else, the end included. */
  onEvent(event: TurnEvent): void;
  /** The turn could not be begun. */
  onRefused(why: Refused): void;
  /** The server does not know the turn any more: it was restarted. */
  onLost(): void;
}

interface IFollowed {
  reader: ITurnReader;
  position: number;
  /** Whether the server has heard of the turn; until then its request is sent again after a break. */
  known: boolean;
  request: TurnRequested | null;
  /** The turn with which this one was asked for; empty for one that was asked for by itself. */
  lead: string;
}

const ENDS = new Set(['turn_finished', 'turn_failed', 'turn_cancelled']);

/** The channel with its turns. */
export class TurnChannel implements IChannelListener {
  constructor(make: SocketMaker) {
    this._channel = new Channel(make, this);
  }

  /** The refactors, over the same connection. */
  readonly refactors = new RefactorChannel(frame => this._channel.send(frame));

  /** Called with every new state; set by the owner. */
  onStateChanged: (state: ChannelState) => void = () => undefined;
  /** Called with frames that belong to no turn; set by the owner. */
  onOther: (frame: ServerFrame) => void = () => undefined;

  /** Called with all that a turn does, whoever asked for it; set by the owner. */
  onActivity: (turnId: string, what: TurnRequested | TurnEvent | 'streamed' | 'gone') => void = () => undefined;

  get state(): ChannelState {
    return this._channel.state;
  }

  open(): void {
    this._channel.open();
  }

  close(): void {
    this._channel.close();
  }

  /** Send a frame that belongs to no turn; false without a connection. */
  send(frame: PageFrame): boolean {
    return this._channel.send(frame);
  }

  /** Begin a turn; without a connection it begins as soon as there is one. `others` read `request.others`. */
  ask(request: TurnRequested, reader: ITurnReader, others: readonly ITurnReader[] = []): void {
    const asked = { position: 0, known: false };
    this._followed.set(request.turn_id, { ...asked, reader, request, lead: '' });
    others.forEach((other, index) => {
      const turnId = request.others?.[index] ?? '';
      this._followed.set(turnId, { ...asked, reader: other, request: null, lead: request.turn_id });
    });
    this._channel.send(request);
    this.onActivity(request.turn_id, request);
  }

  /** Tell what the user did with an edit; without a connection as soon as there is one. */
  judge(frame: EditJudged): void {
    if (!this._channel.send(frame)) {
      this._judged.push(frame);
    }
  }

  /** Follow a turn that was begun before this page was loaded. */
  join(turnId: string, reader: ITurnReader): void {
    this._followed.set(turnId, { reader, position: 0, known: true, request: null, lead: '' });
    this._channel.send({ type: 'turn_joined', turn_id: turnId, position: 0 });
  }

  steer(turnId: string, words: string): boolean {
    return this._channel.send({ type: 'words_said', turn_id: turnId, words });
  }

  stop(turnId: string): boolean {
    return this._channel.send({ type: 'turn_stopped', turn_id: turnId });
  }

  onState(state: ChannelState): void {
    this._numbers.clear();
    this.refactors.onLost();
    // First the owner, who tells the notebooks: a turn is about them.
    this.onStateChanged(state);
    if (state === 'open') {
      this._judged.splice(0).forEach(frame => this.judge(frame));
      this.refactors.onOpen();
      for (const [turnId, followed] of this._followed) {
        if (followed.request && !followed.known) {
          this._channel.send(followed.request);
        } else if (followed.known || this._followed.get(followed.lead)?.known !== false) {
          // What was asked for with another turn comes with that one.
          this._channel.send({ type: 'turn_joined', turn_id: turnId, position: followed.position });
        }
      }
    }
  }

  onShort(frame: ShortFrame | RefactorShortFrame): void {
    if (frame.length === 4) {
      this.refactors.onShort(frame);
      return;
    }
    const [number, position, piece] = frame;
    const followed = this._followed.get(this._numbers.get(number) ?? '');
    if (!followed) {
      return;
    }
    followed.position = position;
    this.onActivity(this._numbers.get(number) ?? '', 'streamed');
    if (typeof piece === 'string') {
      followed.reader.onWords(piece);
    } else {
      followed.reader.onLines(piece);
    }
  }

  onFrame(frame: ServerFrame): void {
    if (this.refactors.onFrame(frame)) {
      return;
    }
    switch (frame.type) {
      case 'turn_numbered': {
        this._numbers.set(frame.number, frame.turn_id);
        const followed = this._followed.get(frame.turn_id);
        if (followed) {
          followed.known = true;
        }
        break;
      }
      case 'turn_news': {
        const turnId = this._numbers.get(frame.number) ?? '';
        const followed = this._followed.get(turnId);
        if (followed) {
          followed.position = frame.position;
          if (ENDS.has(frame.event.type)) {
            this._followed.delete(turnId);
          }
          this.onActivity(turnId, frame.event);
          followed.reader.onEvent(frame.event);
        }
        break;
      }
      case 'turn_lost':
        this._end(frame.turn_id)?.onLost();
        break;
      case 'refused':
        if (frame.turn_id) {
          this._end(frame.turn_id)?.onRefused(frame);
        } else {
          this.onOther(frame);
        }
        break;
      default:
        this.onOther(frame);
    }
  }

  private _end(turnId: string): ITurnReader | undefined {
    const reader = this._followed.get(turnId)?.reader;
    this._followed.delete(turnId);
    this.onActivity(turnId, 'gone');
    return reader;
  }

  private readonly _channel: Channel;
  private readonly _followed = new Map<string, IFollowed>();
  private readonly _judged: EditJudged[] = [];
  private readonly _numbers = new Map<number, string>();
}
