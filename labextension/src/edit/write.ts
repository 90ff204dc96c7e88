/** Gives a cell another text: in one undo step of its own, and by the smallest changes. */

import { splicesKeepingEnds } from './lineends';

/** What is used of a cell; Lab's shared cells have it. */
export interface IWritableCell {
  getSource(): string;
  updateSource(start: number, end: number, value?: string): void;
  /** The cell's own, not its notebook's: what happens in the notebook's cannot be taken back. */
  transact(change: () => void, undoable?: boolean): void;
  /** The Y class has it, the interface of Lab's shared cells does not. */
  readonly undoManager?: { stopCapturing(): void } | null;
}

/** Write a text, with the line ends of the cell; another user's caret stays on its character, and what they type in the same moment is kept. */
export function writeText(cell: IWritableCell, text: string): void {
  const before = cell.getSource();
  const splices = splicesKeepingEnds(before, text);
  if (!splices.length) {
    return;
  }
  // Typing of a moment ago, or of the next one, would be one step with this otherwise.
  cell.undoManager?.stopCapturing();
  const write = (): void => {
    // From the end, so that the offsets before stay true.
    for (const { start, end, text } of splices.reverse()) {
      cell.updateSource(start, end, text);
    }
  };
  try {
    cell.transact(write);
  } catch (error) {
    // Lab's editor counts `\r\n` as one character, so it may look for a change behind its end; the cell has it.
    if (!before.includes('\r') || cell.getSource() === before) {
      throw error;
    }
  }
  cell.undoManager?.stopCapturing();
}
