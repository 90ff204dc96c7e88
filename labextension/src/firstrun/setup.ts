/** Who answers, what is missing for it, and the two ways to mend that. */

import type { ModelProgress, ServerStatus, TierStatus } from '../_wire';
import type { Tier } from '../chat/turn';
import { lineOf } from '../rest';
import { Watched } from '../watched';

/** What the setup asks of the server. */
export interface ISetupServer {
  get<T>(path: string): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
  post(path: string): Promise<void>;
}

/** The server's status, kept fresh; views watch it. */
export class Setup extends Watched {
  constructor(private readonly _server: ISetupServer) {
    super();
  }

  status: ServerStatus | null = null;
  progress: ModelProgress | null = null;
  problem = '';

  tier(name: Tier): TierStatus | null {
    return this.status?.tiers.find(tier => tier.tier === name) ?? null;
  }

  /** Whether nobody can answer: no key and no model. */
  get isNeeded(): boolean {
    return this.tier('spark')?.ready === false;
  }

  /** Whether the built-in model would answer if it were there. */
  get takesModel(): boolean {
    return this.status?.model_ready === false && this.tier('spark')?.profile === 'local';
  }

  async refresh(): Promise<void> {
    await this._try(async () => {
      this.status = await this._server.get<ServerStatus>('status');
    });
  }

  /** Begin the download of the built-in model, or follow the one that runs. */
  async pullModel(): Promise<void> {
    const total = this.status?.model_bytes ?? 1;
    this.progress = { type: 'model_progress', received_bytes: 0, total_bytes: total, done: false, problem: '' };
    await this._try(() => this._server.post('model'));
    if (this.problem) {
      this.progress = null;
      this.changed();
    }
  }

  /** Give the key to the server, which puts it into the system keyring; true if it did. Nothing of it is kept here. */
  async keepKey(name: string, key: string): Promise<boolean> {
    await this._try(async () => {
      this.status = await this._server.put<ServerStatus>('key', { name, key });
    });
    return !this.problem;
  }

  /** Take the server's word on the download. */
  onProgress(frame: ModelProgress): void {
    this.progress = frame.done || frame.problem ? null : frame;
    this.problem = frame.problem;
    this.changed();
    if (frame.done) {
      void this.refresh();
    }
  }

  private async _try(work: () => Promise<void>): Promise<void> {
    this.problem = '';
    this.changed();
    try {
      await work();
    } catch (error) {
      this.problem = lineOf(error);
    }
    this.changed();
  }
}
