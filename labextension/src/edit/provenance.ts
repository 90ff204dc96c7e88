/** Where a cell's text comes from: which model wrote it, in which turn, when; never what it was asked. */

/** The key of a cell's metadata. */
export const PROVENANCE_KEY = 'jupyter_spark';

/** Who wrote an edit. */
export interface IWriter {
  readonly model: string;
  readonly tier: string;
  /** The turn's id, by which the journal knows it. */
  readonly turn: string;
}

/** What stands in a cell's metadata; `time` as in ISO 8601, in UTC. */
export interface IProvenance extends IWriter {
  readonly time: string;
}

/** What is used of a cell; Lab's shared cells have it. */
export interface IMarkedCell {
  getMetadata(key: string): unknown;
  setMetadata(key: string, value: unknown): void;
  deleteMetadata(key: string): void;
}

/** What a cell says of itself; null if it says nothing, or something else. */
export function provenanceOf(cell: IMarkedCell): IProvenance | null {
  const kept = cell.getMetadata(PROVENANCE_KEY) as Partial<IProvenance> | null | undefined;
  return typeof kept?.turn === 'string' ? (kept as IProvenance) : null;
}

/**
 * Note in a cell's metadata who wrote its text. Call it right after an edit was accepted, if the setting `provenance` is on.
 *
 * Lab's own undo does not touch metadata: the function that is returned takes the note back, and with it comes the one
 * that stood there before. It does nothing once another edit was noted, so it may be called late, and more than once.
 */
export function markProvenance(cell: IMarkedCell, writer: IWriter, now = new Date()): () => void {
  const before = cell.getMetadata(PROVENANCE_KEY) ?? null;
  const { model, tier, turn } = writer;
  const mark: IProvenance = { model, tier, turn, time: now.toISOString().replace(/\.\d+Z$/, 'Z') };
  cell.setMetadata(PROVENANCE_KEY, mark);
  return () => unmarkProvenance(cell, turn, before);
}

/** Take the note of a turn back, also after a reload, when nobody knows any more what stood there before. */
export function unmarkProvenance(cell: IMarkedCell, turn: string, before: unknown = null): void {
  if (provenanceOf(cell)?.turn !== turn) {
    return;
  }
  if (before === null) {
    cell.deleteMetadata(PROVENANCE_KEY);
  } else {
    cell.setMetadata(PROVENANCE_KEY, before);
  }
}
