/**
 * The edit that is proposed for one cell, from its first line to what the user makes of it.
 *
 * Free of JupyterLab. What is shown is always the way from `base` to `lines`: taking a hunk changes the base, refusing
 * it changes the lines, and typing in the cell changes both, so that there is nothing else to keep in step.
 */

import type { CheckResult } from '../_wire';
import { Watched } from '../watched';
import { type IAround, NOTHING_AROUND, resurrounded, resurroundedText, surrounded } from './around';
import { type IHunk, LineDiff, spliced } from './linediff';
import { type Merge, merge3 } from './merge';
import { freshLines, type IScope, moved, movedLines } from './scope';
import { type IWay, movedWay } from './way';

export type SuggestionState = 'waiting' | 'streaming' | 'ready' | 'stopped' | 'failed' | 'taken' | 'refused';

/** A proposed edit. */
export class Suggestion extends Watched {
  /** @param base - the cell's text that the edit is made from */
  constructor(base: string) {
    super();
    this._origin = this._base = base;
    this._diff = new LineDiff(base.split('\n'));
  }

  state: SuggestionState = 'waiting';
  /** What was asked for. */
  instruction = '';
  /** What went wrong, and what to do about it. */
  problem = '';
  hint = '';
  /** Speed, and whatever else is worth a quiet line. */
  figures: readonly string[] = [];
  checks: readonly CheckResult[] = [];
  /** The other ways, the shown one included; empty if there is only one. */
  ways: readonly IWay[] = [];
  shown = 0;
  /** The lines of the cell that it was asked for; null for the whole of it. */
  scope: IScope | null = null;
  /** Whether the user and the proposal changed the same lines, each in its own way. */
  conflicts = false;
  /** The lines of `base` that the user wrote since, where the proposal stands against them after a conflict. */
  own: ReadonlySet<number> = new Set();
  /** Whether some of it was taken already. */
  hasTaken = false;
  /** Whether the user put own words into it. */
  isEdited = false;

  get base(): string {
    return this._base;
  }

  get baseLines(): readonly string[] {
    return this._diff.oldLines;
  }

  get lines(): readonly string[] {
    return this._diff.newLines;
  }

  get text(): string {
    return this.lines.join('\n');
  }

  /** Counts up when what is shown is not what was shown with more lines at its end. */
  get round(): number {
    return this._round;
  }

  get isOpen(): boolean {
    return this.state !== 'taken' && this.state !== 'refused';
  }

  get isRunning(): boolean {
    return this.state === 'waiting' || this.state === 'streaming';
  }

  /** The changes as far as they are known. */
  hunks(): readonly IHunk[] {
    const key = `${this._round} ${this.lines.length} ${this.state === 'ready'}`;
    if (this._hunksKey !== key) {
      this._hunks = this._diff.hunks(this.state === 'ready');
      this._hunksKey = key;
    }
    return this._hunks;
  }

  /** The cell's text at the moment it is asked for; nothing has arrived yet. */
  startFrom(base: string): void {
    if (this.state === 'waiting' && (base !== this._base || this._around !== NOTHING_AROUND)) {
      this._around = NOTHING_AROUND;
      this._origin = base;
      this._show(base, []);
    }
  }

  append(lines: readonly string[]): void {
    if (this.isRunning && lines.length) {
      this.state = 'streaming';
      this._diff.add(lines);
      this.changed();
    }
  }

  /** What came is void: the user said more, or a check sent it back. */
  restart(): void {
    if (this.isOpen) {
      this.state = 'waiting';
      this.problem = this.hint = '';
      this.checks = this.ways = [];
      this.shown = 0;
      // What was typed since is not in what the model goes on from; it is merged in as before.
      this._show(this._origin, this._around.before);
    }
  }

  /** The edit is whole. Its text counts, whatever arrived before. */
  ready(text: string, checks: readonly CheckResult[] = []): void {
    if (this.isOpen) {
      const lines = surrounded(text.split('\n'), this._around);
      this.state = 'ready';
      this.checks = checks;
      this.isEdited = false;
      if (lines.join('\n') !== this.text) {
        this._round++;
        this._setDiff(this._origin, lines);
      }
      this.changed();
    }
  }

  stop(): void {
    if (this.isRunning) {
      this.state = 'stopped';
      this.changed();
    }
  }

  fail(problem: string, hint = ''): void {
    if (this.isOpen) {
      this.state = 'failed';
      this.problem = problem;
      this.hint = hint;
      this.changed();
    }
  }

  /** The cell's lines stand among others now: false if that cannot be shown, as the user changed what stood there. */
  surround(around: IAround): boolean {
    const old = this._around;
    const base = resurrounded(this.baseLines, old, around);
    const lines = resurrounded(this.lines, old, around, this.state === 'ready');
    if (!base || !lines) {
      return false;
    }
    this.ways = this.ways.map(way => movedWay(way, this._origin, old, around));
    this._origin = resurroundedText(this._origin, old, around);
    this._around = around;
    this._show(base.join('\n'), lines);
    return true;
  }

  tell(figures: readonly string[]): void {
    this.figures = figures;
    this.changed();
  }

  /** Ways to choose from. The one that is shown stays, where it is among them. */
  offer(ways: readonly IWay[]): void {
    if (this.state === 'ready' && ways.length) {
      // What the user typed meanwhile is in the shown text, not in the way's.
      const { key } = this.ways[this.shown] ?? {};
      const here = ways.findIndex(way => (key === undefined ? way.text === this.text : way.key === key));
      this.ways = ways;
      if (here < 0 && !this.isEdited) {
        this.choose(0);
      } else {
        this.shown = Math.max(0, here);
        this.changed();
      }
    }
  }

  /** Show another way; it is made from what the cell was at the beginning, and the user's own lines are kept. */
  choose(index: number): void {
    const way = this.ways[index];
    if (way && this.state === 'ready') {
      this.shown = index;
      this.checks = way.checks;
      this.isEdited = way.isEdited ?? false;
      const origin = way.origin ?? this._origin;
      const merge = merge3(origin, this._base, way.text);
      this.conflicts = !merge.ok;
      this._show(merge.ok ? this._base : origin, (merge.ok ? merge.text : way.text).split('\n'));
    }
  }

  /** Show the next way, or the one before; round and round. */
  walk(by: number): void {
    const count = this.ways.length;
    if (count > 1) {
      this.choose((this.shown + by + count) % count);
    }
  }

  /** Put the user's own words in the place of the proposal's. */
  revise(text: string): void {
    if (this.state === 'ready' && text !== this.text) {
      this._edit(text.split('\n'));
    }
  }

  /** The cell's text with one hunk taken; the caller writes it, then calls `rebase`. */
  withHunk(hunk: IHunk): string {
    const { oldFrom, oldTo, newFrom, newTo } = hunk;
    return spliced(this.baseLines, oldFrom, oldTo, this.lines.slice(newFrom, newTo)).join('\n');
  }

  /** Leave a hunk out of the proposal; one that is no more, though its button may still be on the screen, is none. */
  refuseHunk(hunk: IHunk): void {
    if (this.state === 'ready' && this.hunks().includes(hunk)) {
      const { oldFrom, oldTo, newFrom, newTo } = hunk;
      this._edit(spliced(this.lines, newFrom, newTo, this.baseLines.slice(oldFrom, oldTo)));
      this._closeIfNothingIsLeft();
    }
  }

  /** The cell's text is another one now, with a hunk of ours in it: the proposal stands against that. */
  rebase(base: string): void {
    if (this.isOpen) {
      this.hasTaken = true;
      this._show(base, this.lines);
      this._closeIfNothingIsLeft();
    }
  }

  /** The proposal for a cell that holds another text now. */
  mergedWith(now: string): Merge {
    return merge3(this._base, now, this.text);
  }

  /** The user typed into the cell: both sides get what was typed, where the lines allow it. */
  follow(now: string): void {
    if (this.state !== 'ready') {
      return;
    }
    const merge = this.mergedWith(now);
    const before = this.conflicts;
    this.conflicts = !merge.ok;
    if (merge.ok && (now !== this._base || merge.text !== this.text)) {
      this._show(now, merge.text.split('\n'));
    } else if (before !== this.conflicts) {
      this.changed();
    }
  }

  /** Show the proposal whole against what the cell holds now, what the user typed among the old lines. */
  face(now: string): void {
    this.conflicts = false;
    const own = freshLines(this.baseLines, now.split('\n'));
    this._show(now, this.lines);
    this.own = own;
  }

  take(): void {
    this._close('taken');
  }

  refuse(): void {
    this._close(this.hasTaken ? 'taken' : 'refused');
  }

  /** What the user put into one of several ways is there again when it is shown again. */
  private _edit(lines: readonly string[]): void {
    this.isEdited = true;
    this._show(this._base, lines);
    const edited = { text: this.text, checks: [], origin: this._base, isEdited: true };
    this.ways = this.ways.map((way, index) => (index === this.shown ? { ...way, ...edited } : way));
  }

  private _closeIfNothingIsLeft(): void {
    if (this.state === 'ready' && !this.hunks().length) {
      this.refuse();
    }
  }

  private _close(state: 'taken' | 'refused'): void {
    if (this.isOpen) {
      this.state = state;
      this.changed();
    }
  }

  private _show(base: string, lines: readonly string[]): void {
    this._round++;
    this._setDiff(base, lines);
    this.changed();
  }

  private _setDiff(base: string, lines: readonly string[]): void {
    const diff = new LineDiff(base.split('\n'));
    diff.add(lines);
    if (base !== this._base) {
      this.scope = this.scope && moved(this.scope, this.baseLines, diff.oldLines);
      this.own = movedLines(this.own, this.baseLines, diff.oldLines);
    }
    this._base = base;
    this._diff = diff;
  }

  private _around: IAround = NOTHING_AROUND;
  /** What all ways were made from. */
  private _origin: string;
  private _base: string;
  private _diff: LineDiff;
  private _round = 0;
  private _hunks: readonly IHunk[] = [];
  private _hunksKey = '';
}
