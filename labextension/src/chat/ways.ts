/** Alternatives: several turns that try the same edit, of which the reader sees one at a time. */

import type { Proposal } from '../_wire';
import { Watched } from '../watched';
import type { Turn } from './turn';

/** One of the ways to show: the turn, and how many came to the same text. */
export interface IWay {
  turn: Turn;
  count: number;
}

/** The tries at one edit. The panel and the cells walk through them alike. */
export class Ways extends Watched {
  constructor(readonly turns: readonly Turn[]) {
    super();
    for (const turn of turns) {
      turn.ways = this;
      turn.watch({ onStream: () => undefined, onRestart: () => undefined, onChange: () => this.changed() });
    }
  }

  get ended(): boolean {
    return this.turns.every(turn => turn.ended);
  }

  /** The ways in the order in which they are offered: as asked while they run, and once all are there the best first. */
  get offered(): IWay[] {
    return this.ended ? ranked(this.turns) : this.turns.map(turn => ({ turn, count: 1 }));
  }

  /** The way to show: the reader's choice, or else the first that holds. */
  get shown(): Turn {
    const offered = this.offered.map(way => way.turn);
    const chosen = this._chosen && (offered.find(turn => turn === this._chosen) ?? sameAs(this._chosen, offered));
    return chosen || (offered.find(turn => holds(turn.proposal)) ?? offered[0] ?? (this.turns[0] as Turn));
  }

  /** Its place among those offered, from 0. */
  get index(): number {
    return Math.max(
      0,
      this.offered.findIndex(way => way.turn === this.shown)
    );
  }

  /** Show the next way, or the one before; round and round. */
  step(by: 1 | -1): void {
    const offered = this.offered;
    this.choose(offered[(this.index + by + offered.length) % offered.length]?.turn ?? null);
  }

  /** Show this one from now on. */
  choose(turn: Turn | null): void {
    this._chosen = turn;
    this.changed();
  }

  private _chosen: Turn | null = null;
}

/**
 * The turns by how good their edits are, the first that holds first; of those that came to the same text, one.
 * Those that came to no edit are last, and left out if any came to one.
 */
export function ranked(turns: readonly Turn[]): IWay[] {
  const ways = new Map<string, IWay>();
  const better = [...turns].sort((a, b) => failures(a.proposal) - failures(b.proposal)); // stable: first come first
  for (const turn of better) {
    const text = turn.proposal && normalised(turn.proposal.edit.new_source);
    const same = text === null ? undefined : ways.get(text);
    if (same) {
      same.count++;
    } else if (text !== null) {
      ways.set(text, { turn, count: 1 });
    }
  }
  return ways.size ? [...ways.values()] : turns.map(turn => ({ turn, count: 1 }));
}

/** A text without what does not count: blank space at line ends, and blank lines around it. As `alternatives.py` has it. */
export function normalised(source: string): string {
  const lines = source.trim().split('\n');
  return lines.map(line => line.trimEnd()).join('\n');
}

function sameAs(turn: Turn, offered: readonly Turn[]): Turn | undefined {
  const text = turn.proposal && normalised(turn.proposal.edit.new_source);
  return offered.find(one => one.proposal && normalised(one.proposal.edit.new_source) === text);
}

function failures(proposal: Proposal | null): number {
  return proposal ? proposal.checks.filter(check => !check.ok).length : Infinity;
}

function holds(proposal: Proposal | null): boolean {
  return failures(proposal) === 0;
}
