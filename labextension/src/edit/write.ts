/** Gives a cell another text: in one undo step of its own, and by the smallest changes. */

import { splicesOf } from './splices';

/** What is used of a cell; Lab's shared cells have it. */
export interface IWritableCell {
  getSource(): string;
  updateSource(start: number, end: number, value?: string): void;
  /** The cell's own, not its notebook's: what happens in the notebook's cannot be taken back. */
  transact(change: () => void, undoable?: boolean): void;
  /** The Y class has it, the interface of Lab's shared cells does not. */
  readonly undoManager?: { stopCapturing(): void } | null;
}

/** Write a text; another user's caret stays on its character, and what they type in the same moment is kept. */
export function writeText(cell: IWritableCell, text: string): void {
  const splices = splicesOf(cell.getSource(), text);
  if (!splices.length) {
    return;
  }
  // Typing of a moment ago, or of the next one, would be one step with this otherwise.
  cell.undoManager?.stopCapturing();
  cell.transact(() => {
    // From the end, so that the offsets before stay true.
    for (const { start, end, text } of splices.reverse()) {
      cell.updateSource(start, end, text);
    }
  });
  cell.undoManager?.stopCapturing();
}
