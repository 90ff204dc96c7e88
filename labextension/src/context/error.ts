/** The last error of a notebook, read out of its outputs. */

import type { IFacts } from './pieces';

/** What is read of a cell; Lab's cell models have it. */
export interface IErrorCell {
  readonly id: string;
  readonly type: string;
  readonly executionCount?: number | null;
  readonly outputs?: { readonly length: number; get(index: number): { readonly type: string; toJSON(): unknown } };
}

const MAX_CHARS = 6000;
const COLOUR = /\u001b\[[0-9;]*[A-Za-z]/g;

/** Return the error of the cell that failed last, as long as it stands in the notebook. */
export function readError(cells: Iterable<unknown>): IFacts['error'] {
  let last: { cell: IErrorCell; output: IErrorOutput } | null = null;
  for (const cell of cells as Iterable<IErrorCell>) {
    const outputs = cell.type === 'code' ? cell.outputs : undefined;
    const final = outputs?.length ? outputs.get(outputs.length - 1) : null;
    if (final?.type === 'error' && (cell.executionCount ?? 0) >= (last?.cell.executionCount ?? 0)) {
      last = { cell, output: final.toJSON() as IErrorOutput };
    }
  }
  return last && reportOf(last.cell, last.output);
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
    report: { name, message, traceback: traceback.slice(-MAX_CHARS) },
    cellId: cell.id,
    label: cell.executionCount ? `${name}, In [${cell.executionCount}]` : name
  };
}
