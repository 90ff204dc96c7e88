/** Instructions for one click: those of the settings, where users change them and add their own. */

/** What becomes of the answer: the cell is changed, or a new one is written below it. */
export type QuickKind = 'rewrite' | 'generate';

export interface IQuickInstruction {
  readonly label: string;
  readonly instruction: string;
  readonly kind: QuickKind;
}

/** Read the instructions of the settings; what is none, or half of one, is left out. */
export function readInstructions(value: unknown): IQuickInstruction[] {
  return Array.isArray(value) ? value.flatMap(one => readInstruction(one) ?? []) : [];
}

/** Read one instruction; null if it is none. */
export function readInstruction(value: unknown): IQuickInstruction | null {
  const { label, instruction, kind } = (value ?? {}) as Record<string, unknown>;
  if (typeof label !== 'string' || typeof instruction !== 'string' || !label.trim() || !instruction.trim()) {
    return null;
  }
  return { label: label.trim(), instruction: instruction.trim(), kind: kind === 'generate' ? 'generate' : 'rewrite' };
}
