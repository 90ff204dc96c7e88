/** Work that may wait, done one piece after the other and never for long at a time. */

const SLICE_MS = 6;

export type Job = () => Promise<void> | void;

/** A queue whose jobs share the page's thread with the frames: it leaves it after a few milliseconds. */
export class RenderQueue {
  constructor(private readonly _pause: () => Promise<void> = afterFrame) {}

  add(job: Job): void {
    this._jobs.push(job);
    if (!this._runs) {
      this._runs = true;
      void this._run();
    }
  }

  private async _run(): Promise<void> {
    // What came with this frame is drawn first.
    await this._pause();
    let begun = performance.now();
    for (let job = this._jobs.shift(); job; job = this._jobs.shift()) {
      try {
        await job();
      } catch (error) {
        console.warn('Spark could not draw a block', error);
      }
      if (this._jobs.length && performance.now() - begun > SLICE_MS) {
        await this._pause();
        begun = performance.now();
      }
    }
    this._runs = false;
  }

  private readonly _jobs: Job[] = [];
  private _runs = false;
}

/** Resolves after the next frame was drawn; in a hidden page, which draws none, in a moment. */
function afterFrame(): Promise<void> {
  return new Promise(resolve => {
    if (document.hidden) {
      window.setTimeout(resolve);
    } else {
      requestAnimationFrame(() => window.setTimeout(resolve));
    }
  });
}
