/** What the tests of refactors share. */

import { YNotebook } from '@jupyter/ydoc';
import type { CellChange, NotebookCheck, RefactorPlan, RefactorProposal } from '../_wire';
import type { IReviewedNotebook } from './notebook';

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
