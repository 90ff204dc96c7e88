/** Lines that stand around a proposal's own: its cell was merged with others. */

export interface IAround {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export const NOTHING_AROUND: IAround = { before: [], after: [] };

/** Lines with others around them; those that still arrive have none after them yet. */
export function surrounded(lines: readonly string[], { before, after }: IAround, isWhole = true): string[] {
  return [...before, ...lines, ...(isWhole ? after : [])];
}

/** The lines between those that stand around them; null if others stand there. */
export function between(lines: readonly string[], { before, after }: IAround, isWhole = true): string[] | null {
  const to = lines.length - (isWhole ? after.length : 0);
  const fits =
    to >= before.length &&
    before.every((line, index) => lines[index] === line) &&
    (!isWhole || after.every((line, index) => lines[to + index] === line));
  return fits ? lines.slice(before.length, to) : null;
}

/** Lines with others around them than before; null if those of before stand there no more. */
export function resurrounded(lines: readonly string[], old: IAround, now: IAround, isWhole = true): string[] | null {
  const own = between(lines, old, isWhole);
  return own && surrounded(own, now, isWhole);
}

/** A whole text with other lines around it; as it is if those of before stand there no more. */
export function resurroundedText(text: string, old: IAround, now: IAround): string {
  return resurrounded(text.split('\n'), old, now)?.join('\n') ?? text;
}

/** What stands around a text in a longer one; null if it does not stand there, in whole lines. */
export function aroundOf(text: string, whole: string): IAround | null {
  const at = `\n${whole}\n`.indexOf(`\n${text}\n`);
  if (at < 0 || whole.length === text.length) {
    return null;
  }
  const rest = whole.slice(at + text.length + 1);
  return {
    before: at ? whole.slice(0, at - 1).split('\n') : [],
    after: at + text.length < whole.length ? rest.split('\n') : []
  };
}
