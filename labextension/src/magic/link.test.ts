import { expect, test } from 'vitest';
import type { MagicFrame, PageOpened } from '../_wire';
import { PAGE_VERSION } from '../channel/channel';
import type { IWatchedNotebook } from '../notebook/sync';
import { type ILinkComm, type ILinkKernel, isOurs, KernelLink, NOTEBOOK_TARGET, TURNS_TARGET } from './link';

class Signal {
  private _slots = new Set<(sender: never, args: never) => void>();

  connect(slot: (sender: never, args: never) => void): boolean {
    this._slots.add(slot);
    return true;
  }

  disconnect(slot: (sender: never, args: never) => void): boolean {
    return this._slots.delete(slot);
  }

  emit(args: object): void {
    this._slots.forEach(slot => slot(this as never, args as never));
  }
}

class Cell {
  readonly cell_type = 'code';
  readonly changed = new Signal();

  constructor(
    readonly id: string,
    private _source: string
  ) {}

  getSource(): string {
    return this._source;
  }

  type(source: string): void {
    this._source = source;
    this.changed.emit({});
  }

  getMetadata(): unknown {
    return undefined;
  }
}

class Comm implements ILinkComm {
  constructor(
    readonly target: string,
    readonly shell: 'main' | 'subshell'
  ) {}

  isDisposed = false;
  opened: PageOpened | null = null;
  sent: MagicFrame[][] = [];
  onFrames: (frames: string) => void = () => undefined;
  onClosed: () => void = () => undefined;

  open(data: PageOpened): void {
    this.opened = data;
  }

  send(data: { frames: string }): void {
    this.sent.push(JSON.parse(data.frames) as MagicFrame[]);
  }

  close(): void {
    this.isDisposed = true;
  }
}

class KernelDouble implements ILinkKernel {
  comms: Comm[] = [];
  hasSubshells = true;
  isKnown = false;

  mainComm(target: string): ILinkComm {
    return this._made(new Comm(target, 'main'));
  }

  subshellComm(target: string): Promise<ILinkComm> {
    return Promise.resolve(this._made(new Comm(target, 'subshell')));
  }

  hasTarget(): Promise<boolean> {
    return Promise.resolve(this.isKnown);
  }

  restarted(): void {
    this.comms.forEach(comm => comm.close());
  }

  dispose(): void {
    this.comms.forEach(comm => comm.close());
  }

  get last(): Comm {
    return this.comms[this.comms.length - 1] as Comm;
  }

  private _made(comm: Comm): Comm {
    this.comms.push(comm);
    return comm;
  }
}

interface IMade {
  kernel: KernelDouble;
  cells: Cell[];
  changed: Signal;
  link: KernelLink;
  taken: unknown[];
  say: (frame: MagicFrame) => boolean;
}

function made(): IMade {
  const kernel = new KernelDouble();
  const cells = [new Cell('a', 'rate = 1'), new Cell('c', '%%spark two\nvalue = 1')];
  const changed = new Signal();
  const taken: unknown[] = [];
  const notebook = { cells, changed } as unknown as IWatchedNotebook;
  let say: IMade['say'] = () => false;
  const link = new KernelLink(kernel, notebook, 'page', send => {
    say = send;
    return { take: frames => taken.push(...frames), lost: () => taken.push('lost') };
  });
  return { kernel, cells, changed, link, taken, say: frame => say(frame) };
}

const settled = (): Promise<void> => new Promise(resolve => setTimeout(resolve));
const STOPPED: MagicFrame = { type: 'turn_stopped', turn_id: 't' };

test.each([
  ['%%spark two\nx = 1', true],
  ['\n%%sparkai two', true],
  ['x = 1\n%spark undo', true],
  ['  %spark ask why?', true],
  ['%%sparkly\nx', false],
  ['print("%spark")', false]
])('%j is ours: %s', (source, ours) => {
  expect(isOurs(source)).toBe(ours);
});

test('before the first run it tells all, then only what changed, on the main shell', () => {
  const { kernel, cells, changed, link } = made();
  link.announce('c');
  const comm = kernel.last;
  expect([comm.target, comm.shell]).toEqual([NOTEBOOK_TARGET, 'main']);
  expect(comm.opened).toEqual({ page: 'page', version: PAGE_VERSION });
  expect(comm.sent).toMatchObject([
    [
      {
        type: 'cells_changed',
        cells: [{ source: 'rate = 1' }, { source: '%%spark two\nvalue = 1' }],
        order: ['a', 'c']
      },
      { type: 'run_announced', cell_id: 'c', shows: true, again: false }
    ]
  ]);
  cells[0]?.type('rate = 2');
  link.announce('c', true);
  expect(comm.sent[1]).toMatchObject([
    { type: 'cells_changed', cells: [{ cell_id: 'a', source: 'rate = 2' }], order: null },
    { type: 'run_announced', again: true }
  ]);
  link.announce('c');
  expect(comm.sent[2]?.map(frame => frame.type)).toEqual(['run_announced']);
  cells.reverse();
  changed.emit({ cellsChange: [] });
  link.announce('c');
  expect(comm.sent[3]).toMatchObject([{ cells: [], order: ['c', 'a'] }, {}]);
  expect(kernel.comms).toHaveLength(1);
});

test('what is typed is not told before a run', async () => {
  const { kernel, cells, link } = made();
  link.announce('c');
  cells[0]?.type('rate = 2');
  await new Promise(resolve => setTimeout(resolve, 400)); // longer than the server is kept waiting
  expect(kernel.last.sent).toHaveLength(1);
});

test('turns are followed over a subshell, once the kernel says that it is there', async () => {
  const { kernel, link, taken, say } = made();
  link.announce('c');
  expect(say(STOPPED)).toBe(false);
  kernel.last.onFrames('[{"type":"kernel_ready"}]');
  kernel.comms[0]?.onFrames('[{"type":"kernel_ready"}]');
  await settled();
  expect(kernel.comms.map(comm => comm.target)).toEqual([NOTEBOOK_TARGET, TURNS_TARGET]);
  expect(kernel.last.shell).toBe('subshell');
  expect(kernel.last.opened?.page).toBe('page');
  kernel.last.onFrames('[[1,2,["x"]]]');
  expect(taken).toEqual([[1, 2, ['x']]]);
  expect(say(STOPPED)).toBe(true);
  expect(kernel.last.sent).toEqual([[STOPPED]]);
});

test('without subshells the page shows nothing', async () => {
  const { kernel, link } = made();
  kernel.hasSubshells = false;
  link.announce('c');
  kernel.last.onFrames('[{"type":"kernel_ready"}]');
  await settled();
  expect(kernel.last.sent[0]?.[1]).toMatchObject({ shows: false });
  expect(kernel.comms).toHaveLength(1);
});

test('a kernel without the extension closes the comm, and is asked again at the next run', () => {
  const { kernel, link } = made();
  link.announce('c');
  kernel.last.close();
  kernel.last.onClosed();
  link.announce('c');
  expect(kernel.comms).toHaveLength(2);
  expect(kernel.last.sent[0]?.[0]).toMatchObject({ order: ['a', 'c'] });
});

test('a restarted kernel is told everything anew', async () => {
  const { kernel, link, taken, say } = made();
  link.announce('c');
  kernel.last.onFrames('[{"type":"kernel_ready"}]');
  await settled();
  link.restarted();
  expect(taken).toEqual(['lost']);
  expect(say(STOPPED)).toBe(false);
  link.announce('c');
  expect(kernel.last.sent[0]?.[0]).toMatchObject({ order: ['a', 'c'] });
});

test.each([true, false])(
  'a page that is loaded again takes up what runs; another page was there: %s',
  async isKnown => {
    const { kernel, link } = made();
    kernel.isKnown = isKnown;
    await link.takeUp();
    expect(kernel.comms.map(comm => comm.target)).toEqual(isKnown ? [TURNS_TARGET] : []);
  }
);

test('a notebook that is closed meanwhile opens nothing', async () => {
  const { kernel, link } = made();
  kernel.isKnown = true;
  const takingUp = link.takeUp();
  link.dispose();
  await takingUp;
  expect(kernel.comms.every(comm => comm.opened === null)).toBe(true);
});
