/**
 * The page's one connection to the server: frames out, frames in, and a new connection when the old one is gone.
 *
 * Free of JupyterLab, so that it can be tested without one.
 */

import type { PageFrame, ServerFrame } from '../_wire';

/** The version of the frames that this page speaks; the same number stands in `wire_page.py`. */
export const PAGE_VERSION = 5;

const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 8000;

/** What streams: a turn's number on this connection, the position of its log after the frame, and words or lines. */
export type ShortFrame = [number: number, position: number, piece: string | string[]];

/** What streams of a refactor: its number, the position of its log after the frame, the step, and lines of its text. */
export type RefactorShortFrame = [number: number, position: number, step: string, lines: string[]];

/** `connecting` also means: the server is away, and a new connection is tried again and again. */
export type ChannelState = 'connecting' | 'open' | 'outdated' | 'closed';

/** What is told of the connection. */
export interface IChannelListener {
  /** Another state. After `open` the server knows nothing of what was told before: notebooks and turns come again. */
  onState(state: ChannelState): void;
  onFrame(frame: ServerFrame): void;
  onShort(frame: ShortFrame | RefactorShortFrame): void;
}

/** Makes a connection; the page's own `WebSocket` in JupyterLab, another in tests. */
export type SocketMaker = () => WebSocket;

/** A connection that mends itself. */
export class Channel {
  constructor(
    private readonly _make: SocketMaker,
    private readonly _listener: IChannelListener
  ) {}

  /** The state of now. */
  get state(): ChannelState {
    return this._state;
  }

  /** Connect, unless that was done before. */
  open(): void {
    if (this._socket || this._state === 'closed' || this._state === 'outdated') {
      return;
    }
    this._connect();
  }

  /** Send a frame; false if there is no connection now. */
  send(frame: PageFrame): boolean {
    if (this._state !== 'open' || !this._socket) {
      return false;
    }
    this._socket.send(JSON.stringify(frame));
    return true;
  }

  /** Close for good. */
  close(): void {
    this._setState('closed');
    window.clearTimeout(this._retry);
    this._socket?.close();
    this._socket = null;
  }

  private _connect(): void {
    const socket = this._make();
    this._socket = socket;
    socket.onopen = () => {
      socket.send(JSON.stringify({ type: 'hello', version: PAGE_VERSION } satisfies PageFrame));
    };
    socket.onmessage = message => this._receive(message.data as string);
    socket.onclose = () => this._lost(socket);
  }

  private _lost(socket: WebSocket): void {
    if (socket !== this._socket) {
      return;
    }
    this._socket = null;
    if (this._state === 'closed' || this._state === 'outdated') {
      return;
    }
    this._setState('connecting');
    this._retry = window.setTimeout(() => this._connect(), this._delay);
    this._delay = Math.min(RETRY_MAX_MS, 2 * this._delay);
  }

  private _receive(message: string): void {
    for (const frame of JSON.parse(message) as (ServerFrame | ShortFrame | RefactorShortFrame)[]) {
      if (Array.isArray(frame)) {
        this._listener.onShort(frame);
      } else if (frame.type === 'welcome') {
        this._welcome(frame.version);
      } else {
        this._listener.onFrame(frame);
      }
    }
  }

  private _welcome(version: number): void {
    if (version !== PAGE_VERSION) {
      this._setState('outdated');
      this._socket?.close();
      return;
    }
    this._delay = RETRY_FIRST_MS;
    this._setState('open');
  }

  private _setState(state: ChannelState): void {
    if (this._state !== state && this._state !== 'closed') {
      this._state = state;
      this._listener.onState(state);
    }
  }

  private _state: ChannelState = 'connecting';
  private _socket: WebSocket | null = null;
  private _delay = RETRY_FIRST_MS;
  private _retry = 0;
}
