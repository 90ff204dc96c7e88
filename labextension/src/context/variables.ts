/**
 * The kernel's word on its variables, asked for aside: over a subshell where there is one, else when it is idle.
 *
 * Nobody waits for it. What it said last is there at once, with its age.
 */

import type { ISessionContext } from '@jupyterlab/apputils';
import { type Kernel, KernelMessage } from '@jupyterlab/services';
import type { VariableSummary } from '../_wire';
import { textMark } from '../notebook/mark';
import { readAnswer, tellCode } from './snapshot';

const LATE_MS = 1000;
const QUIET_MS = 150;

/** The source of `kernel/variables.py`. */
export type LoadSource = () => Promise<string>;

/** The variables of one notebook's kernel. */
export class KernelVariables {
  constructor(
    private readonly _session: ISessionContext,
    private readonly _source: LoadSource,
    private readonly _changed: () => void
  ) {
    this._session.kernelChanged.connect(this._onKernel);
    this._session.statusChanged.connect(this._onStatus);
  }

  /** What the kernel said last. */
  rows: readonly VariableSummary[] = [];
  /** When it said so, in milliseconds of `Date.now()`. */
  at: number | null = null;

  /** Whether it was asked again and has not answered for a while. */
  get isOld(): boolean {
    return this._wantedAt !== null && Date.now() - this._wantedAt > LATE_MS;
  }

  /** Ask, a moment later and once, however often this is called. `first` are names to tell before others. */
  refresh(first: Iterable<string> = []): void {
    this._first = [...first].slice(0, 50);
    this._wantedAt ??= Date.now();
    this._wants++;
    this._askLater();
  }

  dispose(): void {
    window.clearTimeout(this._timer);
    window.clearTimeout(this._late);
    this._session.kernelChanged.disconnect(this._onKernel);
    this._session.statusChanged.disconnect(this._onStatus);
  }

  private _askLater(): void {
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => void this._ask(), QUIET_MS);
  }

  private async _ask(): Promise<void> {
    const kernel = this._session.session?.kernel;
    if (!kernel || this._pending || this._wantedAt === null) {
      return;
    }
    const run = ++this._run;
    this._pending = true;
    window.clearTimeout(this._late);
    this._late = window.setTimeout(this._changed, LATE_MS + 50);
    const wants = this._wants;
    try {
      const told = await this._tell(kernel);
      if (run !== this._run || told === null) {
        return;
      }
      this.rows = told;
      this.at = Date.now();
      this._wantedAt = wants === this._wants ? null : this.at;
      this._changed();
    } catch {
      // The kernel died or was restarted meanwhile; the next cell that runs asks again.
    } finally {
      if (run === this._run) {
        this._pending = false;
        if (wants !== this._wants) {
          this._askLater(); // a cell has run since it was asked
        }
      }
    }
  }

  /** What the kernel tells; null if it cannot be asked now, or has no such variables. */
  private async _tell(kernel: Kernel.IKernelConnection): Promise<VariableSummary[] | null> {
    // A kernel that is busy before it has told what it is would hold this up, and nothing waits for it.
    const info = await kernel.info;
    if (info.language_info.name !== 'python') {
      this._wantedAt = null;
      return null;
    }
    if (!kernel.supportsSubshells && kernel.status !== 'idle') {
      return null;
    }
    const source = await this._source();
    const code = tellCode(source, `_jupyter_spark_${textMark(source).split('-')[0]}`, this._first);
    return readAnswer(await this._evaluate(kernel, code));
  }

  private async _evaluate(kernel: Kernel.IKernelConnection, expression: string): Promise<unknown> {
    const subshellId = kernel.supportsSubshells ? await this._subshell(kernel) : undefined;
    const request = KernelMessage.createMessage<KernelMessage.IExecuteRequestMsg>({
      msgType: 'execute_request',
      channel: 'shell',
      username: kernel.username,
      session: kernel.clientId,
      subshellId,
      content: {
        code: '',
        silent: true,
        store_history: false,
        allow_stdin: false,
        stop_on_error: false,
        user_expressions: { spark: expression }
      }
    });
    const reply = (await kernel.sendShellMessage(request, true).done) as KernelMessage.IExecuteReplyMsg;
    return reply.content.status === 'ok' ? reply.content.user_expressions.spark : null;
  }

  private async _subshell(kernel: Kernel.IKernelConnection): Promise<string | undefined> {
    if (this._subshellOf?.kernel !== kernel.id) {
      const reply = await kernel.requestCreateSubshell({}).done;
      if (!reply?.content.subshell_id) {
        return undefined;
      }
      this._subshellOf = { kernel: kernel.id, id: reply.content.subshell_id };
    }
    return this._subshellOf.id;
  }

  private readonly _onKernel = (): void => {
    this._forget();
    this.refresh();
  };

  private readonly _onStatus = (_: ISessionContext, status: Kernel.Status): void => {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      this._forget();
    } else if (status === 'idle' && this._wantedAt !== null && !this._pending) {
      this.refresh(this._first);
    }
  };

  /** Another kernel, or a new life of this one: it has no variables and no subshell yet. */
  private _forget(): void {
    this._run++;
    this._pending = false;
    this._wantedAt = null;
    this._subshellOf = null;
    this.rows = [];
    this.at = null;
    this._changed();
  }

  private _first: string[] = [];
  private _wantedAt: number | null = null;
  /** How often it was wanted; what was asked before the last time is not the answer. */
  private _wants = 0;
  private _pending = false;
  private _run = 0;
  private _timer = 0;
  private _late = 0;
  private _subshellOf: { kernel: string; id: string } | null = null;
}
