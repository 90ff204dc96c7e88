/** Gives each refactor's news to whoever follows it, and asks for it again after a break. */

import type {
  PageFrame,
  Refused,
  RefactorRequested,
  RefactorStands,
  ReviewEvent,
  ReviewKept,
  ServerFrame
} from '../_wire';
import type { RefactorShortFrame } from './channel';

/** Who follows a refactor. */
export interface IRefactorReader {
  /** More lines of a step's cell; of step '' more pieces of the plan's own words. */
  onLines(step: string, lines: readonly string[]): void;
  /** Anything else. */
  onEvent(event: ReviewEvent): void;
  /** What was asked for last could not be done. */
  onRefused(why: Refused): void;
  /** The server does not know the refactor any more. */
  onLost(): void;
}

interface IFollowed {
  reader: IRefactorReader;
  position: number;
  /** What is sent again after a break until the server has heard of it. */
  request: RefactorRequested | null;
}

/** The refactors of the page's channel. */
export class RefactorChannel {
  constructor(private readonly _send: (frame: PageFrame) => boolean) {}

  /** Begin a refactor; without a connection it begins as soon as there is one. */
  ask(request: RefactorRequested, reader: IRefactorReader): void {
    this._followed.set(request.refactor_id, { reader, position: 0, request });
    this._send(request);
  }

  /** Follow a refactor that was begun before this page was loaded, or by another page. */
  join(refactorId: string, reader: IRefactorReader): void {
    this._followed.set(refactorId, { reader, position: 0, request: null });
    this._send({ type: 'refactor_joined', refactor_id: refactorId, position: 0 });
  }

  /** Hear of it no more. */
  leave(refactorId: string): void {
    this._followed.delete(refactorId);
  }

  /** Send a frame about a refactor; false without a connection. */
  send(frame: PageFrame): boolean {
    return this._send(frame);
  }

  /** Tell what stands, or what the user made of it; without a connection as soon as there is one, the last word only. */
  keep(frame: RefactorStands | ReviewKept): void {
    if (!this._send(frame)) {
      this._unsaid.set(`${frame.type} ${frame.refactor_id}`, frame);
    }
  }

  /** There is a connection again, to a server that knows nothing of this page. */
  onOpen(): void {
    const unsaid = [...this._unsaid.values()];
    this._unsaid.clear();
    unsaid.forEach(frame => this.keep(frame));
    for (const [refactorId, { request, position }] of this._followed) {
      this._send(request ?? { type: 'refactor_joined', refactor_id: refactorId, position });
    }
  }

  /** The connection is gone. */
  onLost(): void {
    this._numbers.clear();
  }

  onShort([number, position, step, lines]: RefactorShortFrame): void {
    const followed = this._followed.get(this._numbers.get(number) ?? '');
    if (followed) {
      followed.position = position;
      followed.reader.onLines(step, lines);
    }
  }

  /** Take a frame; false if it is about no refactor. */
  onFrame(frame: ServerFrame): boolean {
    if (frame.type === 'refactor_numbered') {
      this._numbers.set(frame.number, frame.refactor_id);
      const followed = this._followed.get(frame.refactor_id);
      if (followed) {
        followed.request = null;
      }
      return true;
    }
    if (frame.type === 'refactor_news') {
      const followed = this._followed.get(this._numbers.get(frame.number) ?? '');
      if (followed) {
        followed.position = frame.position;
        followed.reader.onEvent(frame.event);
      }
      return true;
    }
    if (frame.type === 'refactor_lost') {
      const followed = this._followed.get(frame.refactor_id);
      this._followed.delete(frame.refactor_id);
      followed?.reader.onLost();
      return true;
    }
    const refused = frame.type === 'refused' ? this._followed.get(frame.turn_id ?? '') : undefined;
    if (frame.type === 'refused' && refused) {
      refused.request = null;
      refused.reader.onRefused(frame);
      return true;
    }
    return false;
  }

  private readonly _followed = new Map<string, IFollowed>();
  private readonly _unsaid = new Map<string, RefactorStands | ReviewKept>();
  private readonly _numbers = new Map<number, string>();
}
