/** Asks the server for completions, one at a time: a new one ends the one before it, here and upstream. */

import type { CompletionEnded, CompletionSaid, PageFrame } from '../_wire';
import { newId } from '../chat/conversation';
import type { Tier } from '../chat/turn';
import type { ICaret } from './caret';
import { Completion } from './completion';

/** What is asked of the page. */
export interface ICompletionServer {
  /** Tell the server of the notebook's latest cells. */
  push(notebook: string): void;
  /** Send a frame; false without a connection. */
  send(frame: PageFrame): boolean;
}

export class Completions {
  constructor(private readonly _server: ICompletionServer) {}

  /** The one that runs, or the last one. */
  current: Completion | null = null;
  /** Called when one has ended, with what it took; set by the owner. */
  onEnded: (frame: CompletionEnded) => void = () => undefined;

  ask(caret: ICaret, tier: Tier): Completion {
    this.stop();
    const completion = new Completion(newId(), caret);
    this.current = completion;
    this._server.push(caret.notebook);
    const { notebook, cellId, before, after } = caret;
    const sent = this._server.send({
      type: 'completion_requested',
      completion_id: completion.id,
      notebook,
      cell_id: cellId,
      before,
      after,
      tier
    });
    if (!sent) {
      completion.end();
    }
    return completion;
  }

  /** End the one that runs; the server closes its connection to the endpoint. */
  stop(): void {
    if (this.current && !this.current.ended) {
      this._server.send({ type: 'completion_stopped', completion_id: this.current.id });
      this.current.end();
    }
  }

  onFrame(frame: CompletionSaid | CompletionEnded): void {
    if (frame.type === 'completion_ended') {
      this.onEnded(frame);
    }
    const completion = this.current;
    if (!completion || frame.completion_id !== completion.id || completion.ended) {
      return;
    }
    if (frame.type === 'completion_said') {
      completion.say(frame.text);
    } else {
      completion.end(`${frame.message} ${frame.hint}`.trim());
    }
  }

  /** The connection is gone, and with it what ran. */
  onLost(): void {
    this.current?.end();
  }
}
