/** A kernel of JupyterLab's as the magic's link uses it. */

import { type Kernel, KernelMessage } from '@jupyterlab/services';
import type { PageOpened } from '../_wire';
import type { ILinkComm, ILinkKernel } from './link';

/** Which shell a comm's messages go to; `CommsOverSubshells` in Lab, whose type is not exported everywhere. */
const MAIN_SHELL = 'disabled' as Kernel.IComm['commsOverSubshells'];
const SUBSHELL = 'perCommTarget' as Kernel.IComm['commsOverSubshells'];

export class LabKernel implements ILinkKernel {
  constructor(private readonly _kernel: Kernel.IKernelConnection) {}

  get hasSubshells(): boolean {
    return this._kernel.supportsSubshells;
  }

  mainComm(target: string): ILinkComm {
    const comm = this._kernel.createComm(target);
    comm.commsOverSubshells = MAIN_SHELL;
    return new LabComm(comm);
  }

  async subshellComm(target: string): Promise<ILinkComm> {
    const comm = this._kernel.createComm(target);
    comm.commsOverSubshells = SUBSHELL;
    await (comm as { subshellStarted?: Promise<void> }).subshellStarted;
    return new LabComm(comm);
  }

  async hasTarget(target: string): Promise<boolean> {
    const kernel = this._kernel;
    const { implementation } = await kernel.info;
    if (implementation !== 'ipython' || !kernel.handleComms) {
      return false;
    }
    // On the control channel, where it is answered while a cell runs.
    const request = KernelMessage.createMessage({
      msgType: 'comm_info_request',
      channel: 'control',
      username: kernel.username,
      session: kernel.clientId,
      content: { target_name: target }
    } as unknown as KernelMessage.IOptions<KernelMessage.IDebugRequestMsg>);
    const reply = await kernel.sendControlMessage(request, true).done;
    const { comms = {} } = (reply?.content ?? {}) as { comms?: Record<string, unknown> };
    return Object.keys(comms).length > 0;
  }
}

class LabComm implements ILinkComm {
  constructor(private readonly _comm: Kernel.IComm) {
    _comm.onMsg = message => this.onFrames((message.content.data as { frames?: string }).frames ?? '[]');
    _comm.onClose = () => this.onClosed();
  }

  onFrames: (frames: string) => void = () => undefined;
  onClosed: () => void = () => undefined;

  get isDisposed(): boolean {
    return this._comm.isDisposed;
  }

  open(data: PageOpened): void {
    this._comm.open({ ...data });
  }

  send(data: { frames: string }): void {
    this._comm.send(data);
  }

  close(): void {
    try {
      this._comm.close();
    } catch {
      // The kernel's connection went first.
    }
  }
}
