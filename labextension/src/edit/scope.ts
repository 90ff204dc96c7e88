/** An edit that was asked for a selection: which of its changes are elsewhere. */

import { diffLines, type IHunk, placesOf } from './linediff';

/** Lines `[from, to)` of the cell's text. */
export interface IScope {
  readonly from: number;
  readonly to: number;
}

/** What is used of a proposal. */
interface IScoped {
  readonly scope: IScope | null;
  readonly state: string;
  readonly lines: readonly string[];
  readonly baseLines: readonly string[];
  hunks(): readonly IHunk[];
  revise(text: string): void;
}

/** The changes that are not where the user asked for some. */
export function outsideOf(proposal: IScoped): IHunk[] {
  const { scope, state } = proposal;
  return scope && state === 'ready' ? proposal.hunks().filter(hunk => isOutside(hunk, scope)) : [];
}

/** Leave out all changes that are not where the user asked for some. */
export function confine(proposal: IScoped): void {
  const lines = [...proposal.lines];
  for (const { oldFrom, oldTo, newFrom, newTo } of outsideOf(proposal).reverse()) {
    lines.splice(newFrom, newTo - newFrom, ...proposal.baseLines.slice(oldFrom, oldTo));
  }
  proposal.revise(lines.join('\n'));
}

/** Whether a change is elsewhere; lines that are put in right before or after the selection are not. */
export function isOutside({ oldFrom, oldTo }: IHunk, { from, to }: IScope): boolean {
  return oldFrom === oldTo ? oldFrom < from || oldFrom > to : oldTo <= from || oldFrom >= to;
}

/** The same lines in a text that has changed. */
export function moved(scope: IScope, lines: readonly string[], now: readonly string[]): IScope {
  const places = placesOf(lines, now);
  return { from: places[scope.from] ?? now.length, to: places[scope.to] ?? now.length };
}

/** The same single lines in a text that has changed; one that is gone is in it no more. */
export function movedLines(
  of: ReadonlySet<number>,
  lines: readonly string[],
  now: readonly string[]
): ReadonlySet<number> {
  const places = of.size ? placesOf(lines, now) : [];
  return new Set([...of].flatMap(line => (lines[line] === now[places[line] ?? -1] ? (places[line] ?? []) : [])));
}

/** The lines of a text that are not in the one before. */
export function freshLines(before: readonly string[], now: readonly string[]): ReadonlySet<number> {
  const hunks = diffLines(before, now);
  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
  return new Set(hunks.flatMap(({ newFrom, newTo }) => range(newFrom, newTo)));
}
