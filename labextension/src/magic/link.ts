/**
 * A page's line to the kernel of one notebook: the notebook before a cell of ours runs, and the turns of such cells.
 *
 * Free of JupyterLab. The notebook's comm keeps to the main shell, where what is said comes before the run that follows;
 * it is opened right before the first run, so that a kernel that loads the extension in the cell above has it by then.
 * The turns' comm goes over a subshell, so that Stop arrives while the cell runs.
 */

import type { KernelFrame, MagicFrame, PageOpened } from '../_wire';
import { PAGE_VERSION, type ShortFrame } from '../channel/channel';
import { type IWatchedNotebook, NotebookSync } from '../notebook/sync';

// The same names stand in jupyter_spark/kernel/comms.py.
export const NOTEBOOK_TARGET = 'jupyter_spark.notebook';
export const TURNS_TARGET = 'jupyter_spark.turns';

/** A cell that asks us for something. */
const OURS = /^\s*%%?spark(?:ai)?\b/m;

/** Whether a cell asks us for something, so that the kernel needs the notebook. */
export function isOurs(source: string): boolean {
  return OURS.test(source);
}

/** What is used of a comm. */
export interface ILinkComm {
  readonly isDisposed: boolean;
  open(data: PageOpened): void;
  send(data: { frames: string }): void;
  close(): void;
  onFrames: (frames: string) => void;
  onClosed: () => void;
}

/** What is used of a kernel. */
export interface ILinkKernel {
  /** Whether something can reach the kernel while a cell runs. */
  readonly hasSubshells: boolean;
  /** A comm on the main shell. */
  mainComm(target: string): ILinkComm;
  /** A comm on a subshell, as soon as there is one. */
  subshellComm(target: string): Promise<ILinkComm>;
  /** Whether the kernel has a comm of that target, of whatever page. */
  hasTarget(target: string): Promise<boolean>;
  restarted(): void;
  dispose(): void;
}

/** What takes the turns that a kernel tells of. */
export interface ITurnsTaker {
  take(frames: readonly (KernelFrame | ShortFrame)[]): void;
  lost(): void;
}

export class KernelLink {
  constructor(
    private readonly _kernel: ILinkKernel,
    notebook: IWatchedNotebook,
    private readonly _page: string,
    turns: (send: (frame: MagicFrame) => boolean) => ITurnsTaker
  ) {
    this._turns = turns(frame => this._say(frame));
    const collect = (frame: { type: string }): boolean => {
      if (frame.type === 'cells_changed') {
        this._frames.push(frame as MagicFrame);
      } else {
        this._isNew = true; // it began to tell anew
      }
      return true;
    };
    this._sync = new NotebookSync(notebook, () => this._page, collect, null);
  }

  /** Tell the kernel that a cell is about to run, and before that what changed in the notebook. */
  announce(cellId: string, again = false): void {
    const comm = this._notebookComm();
    if (this._isNew) {
      this._isNew = false;
      this._sync.pushAll();
    } else {
      this._sync.push();
    }
    const shows = this._kernel.hasSubshells;
    const frames = [...this._frames.splice(0), { type: 'run_announced', cell_id: cellId, shows, again }];
    comm.send({ frames: JSON.stringify(frames) });
  }

  /** Take up the turns of a kernel that another page, or this one before it was loaded again, has opened a comm to. */
  async takeUp(): Promise<void> {
    if (await this._kernel.hasTarget(TURNS_TARGET)) {
      await this._follow();
    }
  }

  /** The kernel was restarted: it knows nothing of this page. */
  restarted(): void {
    this._notebook = this._turnsComm = null;
    this._isNew = true;
    this._kernel.restarted();
    this._turns.lost();
  }

  dispose(): void {
    this._isDisposed = true;
    this._sync.dispose();
    this._turns.lost();
    for (const comm of [this._notebook, this._turnsComm]) {
      if (comm && !comm.isDisposed) {
        comm.close();
      }
    }
    this._kernel.dispose();
  }

  private _notebookComm(): ILinkComm {
    if (this._notebook && !this._notebook.isDisposed) {
      return this._notebook;
    }
    const comm = this._kernel.mainComm(NOTEBOOK_TARGET);
    this._notebook = comm;
    this._isNew = true;
    // It has no more to say than that it is there.
    comm.onFrames = () => {
      if (this._kernel.hasSubshells) {
        this._follow().catch(console.warn);
      }
    };
    comm.onClosed = () => {
      this._notebook = null;
    };
    comm.open({ page: this._page, version: PAGE_VERSION });
    return comm;
  }

  private async _follow(): Promise<void> {
    if (this._isFollowing || (this._turnsComm && !this._turnsComm.isDisposed)) {
      return;
    }
    this._isFollowing = true;
    try {
      const comm = await this._kernel.subshellComm(TURNS_TARGET);
      comm.onFrames = frames => this._turns.take(JSON.parse(frames) as (KernelFrame | ShortFrame)[]);
      comm.onClosed = () => {
        this._turnsComm = null;
        this._turns.lost();
      };
      if (this._isDisposed) {
        comm.close();
      } else {
        this._turnsComm = comm;
        comm.open({ page: this._page, version: PAGE_VERSION });
      }
    } finally {
      this._isFollowing = false;
    }
  }

  private _say(frame: MagicFrame): boolean {
    const comm = this._turnsComm;
    if (!comm || comm.isDisposed) {
      return false;
    }
    comm.send({ frames: JSON.stringify([frame]) });
    return true;
  }

  private readonly _sync: NotebookSync;
  private readonly _turns: ITurnsTaker;
  private readonly _frames: MagicFrame[] = [];
  private _notebook: ILinkComm | null = null;
  private _turnsComm: ILinkComm | null = null;
  private _isNew = true;
  private _isFollowing = false;
  private _isDisposed = false;
}
