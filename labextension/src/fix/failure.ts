/** What failed in a cell, and whether it is worth a fix. */

import type { ErrorReport } from '../_wire';
import { errorOf, type IErrorCell } from '../context/error';
import { isKeptOut, tagsOf } from '../context/keptout';

/** A cell that failed: its text and its error, as they stand now. */
export interface IFailure {
  readonly cellId: string;
  readonly source: string;
  readonly report: ErrorReport;
}

/** What is read of a cell; Lab's cell models have it. */
export interface IFailedCell extends IErrorCell {
  readonly sharedModel: { getSource(): string };
  getMetadata(key: string): unknown;
}

/** A cell of our own magics did not fail by its code. */
const OWN_MAGIC = /^\s*%{1,2}spark(?:ai)?\b/;
/** The user stopped it: there is nothing to mend. */
const STOPPED = /^(?:KeyboardInterrupt|InterruptException|InterruptedException|SystemExit)$/;

/** What failed in a cell and can be mended there; null if nothing did, or the cell is locked. */
export function failureOf(cell: IFailedCell): IFailure | null {
  const error = errorOf(cell);
  const source = cell.sharedModel.getSource();
  if (!error || !source.trim() || OWN_MAGIC.test(source) || cell.getMetadata('editable') === false) {
    return null;
  }
  return { cellId: cell.id, source, report: error.report };
}

/** Whether a fix may be made ready before the user asks for it. */
export function isWorthPrefetching(failure: IFailure, cell: IFailedCell): boolean {
  return !STOPPED.test(failure.report.name) && !isKeptOut(failure.source, tagsOf(cell));
}

/** Whether nothing has changed between two looks at a cell. */
export function isSame(one: IFailure, other: IFailure | null): boolean {
  return (
    other !== null &&
    one.source === other.source &&
    one.report.name === other.report.name &&
    one.report.message === other.report.message &&
    one.report.traceback === other.report.traceback
  );
}
