/** The last error of a notebook, read out of its outputs. */

import type { IFacts } from './pieces';

/** What is read of a cell; Lab's cell models have it. */
export interface IErrorCell {
  readonly id: string;
  readonly type: string;
  readonly executionCount?: number | null;
  readonly outputs?: { readonly length: number; get(index: number): { readonly type: string; toJSON(): unknown } };
}

const MAX_CHARS = 40_000;
const COLOUR = /\u001b\[[0-9;]*[A-Za-z]/g;

/** Return the error of the cell that failed last, as long as it stands in the notebook. */
export function readError(cells: Iterable<unknown>): IFacts['error'] {
  let last: { cell: IErrorCell; output: IErrorOutput } | null = null;
  for (const cell of cells as Iterable<IErrorCell>) {
    const output = errorOutput(cell);
    if (output && (cell.executionCount ?? 0) >= (last?.cell.executionCount ?? 0)) {
      last = { cell, output };
    }
  }
  return last && reportOf(last.cell, last.output);
}

/** The error that stands below a cell, if any. */
export function errorOf(cell: IErrorCell): IFacts['error'] {
  const output = errorOutput(cell);
  return output && reportOf(cell, output);
}

/** The last error among a cell's outputs; a figure that was begun may be drawn after it. */
function errorOutput(cell: IErrorCell): IErrorOutput | null {
  const outputs = cell.type === 'code' ? cell.outputs : undefined;
  for (let index = (outputs?.length ?? 0) - 1; outputs && index >= 0; index--) {
    const output = outputs.get(index);
    if (output.type === 'error') {
      return output.toJSON() as IErrorOutput;
    }
  }
  return null;
}

interface IErrorOutput {
  ename?: string;
  evalue?: string;
  traceback?: string[];
}

function reportOf(cell: IErrorCell, output: IErrorOutput): IFacts['error'] {
  const name = output.ename ?? 'Error';
  const message = (output.evalue ?? '').replace(COLOUR, '');
  const traceback = (output.traceback ?? []).join('\n').replace(COLOUR, '');
  return {
    report: { name, message, traceback: bothEnds(traceback) },
    cellId: cell.id,
    label: cell.executionCount ? `${name}, In [${cell.executionCount}]` : name
  };
}

/** The user's own frames stand at the beginning of a traceback, where it ended at its end. */
function bothEnds(text: string): string {
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS / 2)}\n…\n${text.slice(-MAX_CHARS / 2)}`;
}
