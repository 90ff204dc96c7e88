/**
 * A kernel of JupyterLab's as the magic's link uses it.
 *
 * Lab's own subshells for comms wait for the kernel's info, which a kernel that runs a cell does not give. A page that is
 * loaded again in mid-run must not wait for that: the subshell is asked for on the control channel, and kept here.
 */

import { type Kernel, KernelMessage } from '@jupyterlab/services';
import type { PageOpened } from '../_wire';
import type { ILinkComm, ILinkKernel } from './link';

/** `CommsOverSubshells.Disabled`; the type is not exported from Lab's package. */
const MAIN_SHELL = 'disabled' as Kernel.IComm['commsOverSubshells'];

export class LabKernel implements ILinkKernel {
  constructor(private readonly _kernel: Kernel.IKernelConnection) {}

  get hasSubshells(): boolean {
    return this._kernel.supportsSubshells || this._subshell !== null;
  }

  mainComm(target: string): ILinkComm {
    return new LabComm(this._kernel, target, null);
  }

  async subshellComm(target: string): Promise<ILinkComm> {
    this._subshell ??=
      (await this._control<{ subshell_id?: string }>('create_subshell_request', {})).subshell_id ?? null;
    if (this._subshell === null) {
      throw new Error('The kernel gave no subshell.');
    }
    return new LabComm(this._kernel, target, this._subshell);
  }

  async hasTarget(target: string): Promise<boolean> {
    if (!this._kernel.handleComms || (await this._kernel.spec)?.language !== 'python') {
      return false;
    }
    const { comms = {} } = await this._control<{ comms?: object }>('comm_info_request', { target_name: target });
    return Object.keys(comms).length > 0;
  }

  restarted(): void {
    this._subshell = null;
  }

  dispose(): void {
    if (this._subshell !== null && !this._kernel.isDisposed) {
      void this._control('delete_subshell_request', { subshell_id: this._subshell }).catch(() => undefined);
    }
    this._subshell = null;
  }

  /** Ask on the control channel, where a kernel answers while a cell runs. */
  private async _control<T>(msgType: string, content: object): Promise<Partial<T>> {
    const { username, clientId: session } = this._kernel;
    const options = { msgType, channel: 'control', username, session, content };
    const request = KernelMessage.createMessage(
      options as unknown as KernelMessage.IOptions<KernelMessage.IDebugRequestMsg>
    );
    const reply = await this._kernel.sendControlMessage(request, true).done;
    return (reply?.content ?? {}) as Partial<T>;
  }

  private _subshell: string | null = null;
}

class LabComm implements ILinkComm {
  constructor(
    private readonly _kernel: Kernel.IKernelConnection,
    private readonly _target: string,
    private readonly _subshell: string | null
  ) {
    this._comm = _kernel.createComm(_target);
    this._comm.commsOverSubshells = MAIN_SHELL; // before Lab makes a subshell of its own
    this._comm.onMsg = message => this.onFrames((message.content.data as { frames?: string }).frames ?? '[]');
    this._comm.onClose = () => this.onClosed();
  }

  onFrames: (frames: string) => void = () => undefined;
  onClosed: () => void = () => undefined;

  get isDisposed(): boolean {
    return this._comm.isDisposed;
  }

  open(data: PageOpened): void {
    this._tell('comm_open', { target_name: this._target, data });
  }

  send(data: { frames: string }): void {
    this._tell('comm_msg', { data });
  }

  close(): void {
    if (!this._kernel.isDisposed) {
      this._tell('comm_close', { data: {} });
    }
    this._comm.dispose();
  }

  private _tell(msgType: string, content: object): void {
    const { username, clientId: session } = this._kernel;
    const whole = { comm_id: this._comm.commId, ...content };
    const options = { msgType, channel: 'shell', username, session, subshellId: this._subshell, content: whole };
    this._kernel.sendShellMessage(
      KernelMessage.createMessage(options as unknown as KernelMessage.IOptions<KernelMessage.ICommMsgMsg<'shell'>>),
      false,
      true
    );
  }

  private readonly _comm: Kernel.IComm;
}
