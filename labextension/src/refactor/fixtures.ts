/** What the tests of refactors share. */

import { YNotebook } from '@jupyter/ydoc';
import type {
  CellChange,
  NotebookCheck,
  PageFrame,
  RefactorList,
  RefactorPlan,
  RefactorProposal,
  RefactorStands,
  ReviewEvent,
  ReviewKept
} from '../_wire';
import { RefactorChannel } from '../channel/refactors';
import type { IReviewedNotebook } from './notebook';
import { NotebookRefactors } from './refactors';
import type { Review } from './review';

const OUTPUT = { output_type: 'stream', name: 'stdout', text: 'hello\n' };

/** A notebook of code cells, each called by its key; they have run, and carry a tag. */
export function notebookOf(sources: Record<string, string>): YNotebook & IReviewedNotebook {
  const cells = Object.entries(sources).map(([id, source], index) => ({
    ...{ cell_type: 'code', id, source, execution_count: index + 1 },
    metadata: { tags: [`tag-${id}`], collapsed: true },
    outputs: [OUTPUT]
  }));
  const data = { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
  const notebook: YNotebook = YNotebook.create({ disableDocumentWideUndoRedo: true, data });
  return notebook as unknown as YNotebook & IReviewedNotebook;
}

export function sourcesOf(notebook: IReviewedNotebook): Record<string, string> {
  return Object.fromEntries(notebook.cells.map(cell => [cell.id, cell.getSource()]));
}

export function changeOf(operation: CellChange['operation'], cellId: string, more: Partial<CellChange>): CellChange {
  return {
    change_id: `${operation}-${cellId}`,
    group: more.step_id ?? `${operation}-${cellId}`,
    operation,
    cell_id: cellId,
    below: '',
    kind: 'code',
    old_source: '',
    new_source: '',
    base_hash: '',
    step_id: '',
    checks: [],
    words: '',
    repaired: false,
    may_differ: [],
    ...more
  };
}

export const PLAN: RefactorPlan = {
  plan_id: 'p',
  instruction: 'tidy up',
  notebook_hash: 'h',
  notebook_path: null,
  renames: [],
  steps: [],
  notes: [],
  by: 'model'
};

export function proposalOf(changes: CellChange[], more: Partial<RefactorProposal> = {}): RefactorProposal {
  return { proposal_id: 'p', refactor_id: 'r', plan: PLAN, changes, checks: [], ...more };
}

/** A finding in cell c, due to a move of cell b. */
export const LATE: NotebookCheck = {
  name: 'names_in_order',
  ok: false,
  message: "'df' is used in cell 2 and not defined above it (cell 1 defines it further down).",
  cell_id: 'c',
  names: ['df'],
  groups: ['move-b']
};
export const SOURCES = { a: 'df = [1, 2]', b: 'x = 1\n\ny = 2\n\nz = 3', c: 'print(x)', d: 'old = 1' };
const ENDPOINT = { queue_s: null, endpoint_tokens_per_s: null };
export const FIGURES = {
  first_token_s: null,
  total_s: 1.5,
  tokens_per_s: null,
  usage: null,
  cost_usd: null,
  ...ENDPOINT
};
export const HEAD = { refactor_id: 'engine', seq: 1 };

/** A notebook, its refactors, and what the server would be told. */
export class Page {
  constructor(sources: Record<string, string> = SOURCES, list: RefactorList = NOTHING) {
    this.notebook = notebookOf(sources);
    this.refactors = new NotebookRefactors('n.ipynb', {
      channel: this.channel,
      load: () => Promise.resolve(list),
      push: () => undefined,
      tier: () => 'spark',
      words: { notHeld: 'not held' }
    });
    this.refactors.attach(this.notebook);
  }

  readonly sent: PageFrame[] = [];
  isAway = false;
  readonly channel = new RefactorChannel(frame => !this.isAway && this.sent.push(frame) > 0);
  readonly notebook: ReturnType<typeof notebookOf>;
  readonly refactors: NotebookRefactors;

  get review(): Review {
    return this.refactors.review as Review;
  }

  /** What stands in the notebook, as the server was told last. */
  get stands(): RefactorStands['applied'] | null {
    const told = this.sent.filter((frame): frame is RefactorStands => frame.type === 'refactor_stands');
    return told[told.length - 1]?.applied ?? null;
  }

  /** What the user made of it, as the server was told last; it is told a moment later. */
  get kept(): ReviewKept | null {
    const told = this.sent.filter((frame): frame is ReviewKept => frame.type === 'review_kept');
    return told[told.length - 1] ?? null;
  }

  proposed(changes: CellChange[], more: Parameters<typeof proposalOf>[1] = {}): void {
    this.refactors.start('tidy up');
    this.tell(...eventsOf(changes, more));
  }

  tell(...events: ReviewEvent[]): void {
    events.forEach(event => this.review.onEvent(event));
  }

  change(cellId: string, operation = 'edit'): Review['changes'][number] {
    return this.review.changes.find(
      one => one.change.cell_id === cellId && one.change.operation === operation
    ) as Review['changes'][number];
  }

  type(cellId: string, from: string, to: string): void {
    const cell = this.notebook.cells.find(cell => cell.id === cellId);
    cell?.setSource(cell.getSource().replace(from, to));
    this.refactors.follow();
  }
}

export const NOTHING: RefactorList = { current: null, instruction: '', kept: null, standing: [] };

export function eventsOf(changes: CellChange[], more: Parameters<typeof proposalOf>[1] = {}): ReviewEvent[] {
  const order = Object.keys(SOURCES);
  const begun = { type: 'work_begun' as const, begun_at_s: 0, instruction: 'tidy up', order };
  return [
    { ...begun, work: 'planning' },
    { type: 'plan_ready', ...HEAD, plan: more.plan ?? PLAN, figures: FIGURES },
    { ...begun, work: 'writing' },
    {
      type: 'refactor_finished',
      ...HEAD,
      proposal: proposalOf(changes, more),
      figures: FIGURES
    }
  ];
}

export const edit = (id: keyof typeof SOURCES, to: string, more: Partial<CellChange> = {}): CellChange =>
  changeOf('edit', id, { old_source: SOURCES[id], new_source: to, ...more });
