/** Draws what is proposed into the editors, at most once a frame. */

import type { Extension, StateEffect } from '@codemirror/state';
import { EditorView, ViewPlugin } from '@codemirror/view';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IHighlighter, Token } from '../chat/highlight';
import { held } from './anchor';
import { LineColours } from './colours';
import { keepingFocus } from './focus';
import type { RunKey } from './island';
import { type IMarks, marksOf } from './intraline';
import type { IHunk } from './linediff';
import { type IOverlay, type IOverlayActions, overlayExtension, overlayOf, showOverlay } from './overlay';
import { panelsExtension, type IPanels, showPanels } from './panels';
import { resync } from './resync';
import { outsideOf } from './scope';
import type { ISpotCell, ISpotNotebook, Spot, Spots } from './spot';
import type { Suggestion } from './suggestion';

/** Finds what colours code, by its MIME type; null if nothing does. */
export type FindColours = (mimeType: string) => Promise<(() => IHighlighter) | null>;

/** What the buttons in an editor do. */
export interface IJudging {
  acceptHunk(spot: Spot, hunk: IHunk): void;
  rejectHunk(spot: Spot, hunk: IHunk): void;
  revise(spot: Spot, hunk: IHunk): void;
  revised(spot: Spot, isDone: boolean): void;
  /** Undo or redo what was last done to the cell's text. */
  undoTyping(spot: Spot, isRedo: boolean): void;
  /** What is shown has changed. */
  look(spot: Spot): void;
  /** The cell's text was changed. */
  follow(spot: Spot): void;
}

/** A page that takes long to draw draws less often, so that it has as much time for everything else; but this often. */
const MAX_REST_MS = 40;
/** The cells are shorter than this that are never folded. */
const MIN_FOLDED_LINES = 30;
const NO_MARKS: IMarks = { old: new Map(), fresh: new Map() };

/** Keeps editors and places in step. */
export class Presenter {
  constructor(
    spots: Spots,
    private readonly _findColours: FindColours,
    private readonly _judging: IJudging,
    private readonly _panels: IPanels,
    private readonly _runKey: RunKey,
    private readonly _trans: TranslationBundle
  ) {
    spots.onChanged = spot => this.later(spot);
    spots.onAsked = spot => this._drawNow(spot);
    this._spots = spots;
  }

  /** The editor extension of a cell. */
  extension(notebook: ISpotNotebook, cellId: string, mimeType: () => string): Extension {
    const spot = this._spots.at(notebook, cellId);
    spot.mimeType = mimeType;
    const plugin = ViewPlugin.define(view => {
      spot.views.add(view);
      this.later(spot);
      return { destroy: () => spot.views.delete(view) };
    });
    const listener = EditorView.updateListener.of(update => {
      if (update.docChanged) {
        this._judging.follow(spot);
      }
      if (update.docChanged && spot.suggestion?.isOpen) {
        this.later(spot);
      }
    });
    return [overlayExtension, panelsExtension, plugin, listener];
  }

  /** Draw a place with the next frame. */
  later(spot: Spot): void {
    if (spot.views.size) {
      this._due.add(spot);
      this._plan();
    }
  }

  private _drawNow(spot: Spot): void {
    this._due.add(spot);
    this._draw();
  }

  private _plan(): void {
    if (this._isPlanned) {
      return;
    }
    this._isPlanned = true;
    const draw = (): number => requestAnimationFrame(() => this._draw());
    const rest = this._restUntil - performance.now();
    if (rest > 1) {
      window.setTimeout(draw, rest);
    } else {
      draw();
    }
  }

  /** The frame was painted: how long it took is known. */
  private _drawn(begun: number): void {
    const now = performance.now();
    this._restUntil = now + Math.min(now - begun, MAX_REST_MS);
    this._isPlanned = false;
    if (this._due.size) {
      this._plan();
    }
  }

  private _draw(): void {
    const begun = performance.now();
    window.setTimeout(() => this._drawn(begun));
    const due = [...this._due];
    this._due.clear();
    for (const spot of due) {
      const suggestion = spot.suggestion?.isOpen ? spot.suggestion : null;
      const cell = spot.cell;
      if (cell && (suggestion || spot.taken)) {
        this._resync(spot, cell);
      }
      if (suggestion && cell) {
        suggestion.follow(cell.getSource());
        this._judging.look(spot);
      }
      // What `follow` changed is drawn now.
      this._due.delete(spot);
      spot.views.forEach(view => this._show(view, spot, spot.suggestion?.isOpen ? spot.suggestion : null));
    }
  }

  /** Keep the editors of a cell with other line ends right: the change that Lab's own way loses is told by the cell. */
  private _resync(spot: Spot, cell: ISpotCell): void {
    const source = cell.getSource();
    if (!source.includes('\r\n')) {
      return;
    }
    if (!this._watched.has(cell)) {
      this._watched.add(cell);
      cell.changed?.connect(() => this.later(spot));
    }
    spot.views.forEach(view => resync(view, source));
  }

  private _show(view: EditorView, spot: Spot, suggestion: Suggestion | null): void {
    // What was stopped or has failed is no proposal: the cell looks as it is.
    const hasLines = suggestion?.isRunning || suggestion?.state === 'ready';
    const overlay = suggestion && hasLines ? this._overlay(spot, suggestion) : null;
    const effects: StateEffect<unknown>[] = [];
    if (overlay || overlayOf(view.state)) {
      effects.push(showOverlay.of(overlay));
    }
    const panels = showPanels(view, spot, this._panels);
    if (panels) {
      effects.push(panels);
    }
    if (effects.length) {
      held(view, () => keepingFocus(view, () => view.dispatch({ effects })));
    }
    const cell = view.dom.closest<HTMLElement>('.jp-Cell');
    cell?.classList.toggle('jp-mod-sparkOpen', suggestion !== null || spot.isAsking || spot.word !== '');
    cell?.classList.toggle('jp-mod-sparkReady', suggestion?.state === 'ready');
    if (cell) {
      cell.dataset.spark = suggestion?.state ?? '';
    }
  }

  private _overlay(spot: Spot, suggestion: Suggestion): IOverlay {
    const hunks = suggestion.hunks();
    const { lines, baseLines, round, state } = suggestion;
    const isReady = state === 'ready';
    return {
      baseLines,
      lines,
      hunks,
      marks: hunks.map((hunk, index) =>
        // What may still change with the next line is not looked into.
        isReady || index < hunks.length - 1 ? this._marks(suggestion, hunk) : NO_MARKS
      ),
      tokens: this._tokens(spot, suggestion),
      round,
      isRunning: suggestion.isRunning,
      isReady,
      folds: isReady && baseLines.length >= MIN_FOLDED_LINES,
      unfolded: spot.unfolded,
      outside: outsideOf(suggestion),
      own: suggestion.own,
      revision: spot.revision,
      actions: this._actions(spot)
    };
  }

  private _actions(spot: Spot): IOverlayActions {
    const { _trans: trans, _judging: judging } = this;
    return {
      trans,
      runKey: this._runKey,
      acceptLabel: trans.__('Accept this change'),
      rejectLabel: trans.__('Reject this change'),
      reviseLabel: trans.__('Edit this change'),
      outsideLabel: trans.__('outside the selection'),
      accept: hunk => judging.acceptHunk(spot, hunk),
      reject: hunk => judging.rejectHunk(spot, hunk),
      revise: hunk => judging.revise(spot, hunk),
      revised: isDone => judging.revised(spot, isDone),
      undo: isRedo => judging.undoTyping(spot, isRedo),
      nameOf: (index, count) => trans.__('Change %1 of %2', index + 1, count),
      ownLabel: trans.__('yours'),
      sayFolded: count => trans.__('%1 unchanged lines', count),
      sayRemoved: count => trans.__('%1 removed lines', count),
      unfold: line => {
        spot.unfolded = new Set([...spot.unfolded, line]);
        this.later(spot);
      }
    };
  }

  private _marks(suggestion: Suggestion, hunk: IHunk): IMarks {
    let kept = this._kept.get(suggestion);
    if (kept?.round !== suggestion.round) {
      kept = { round: suggestion.round, marks: new Map() };
      this._kept.set(suggestion, kept);
    }
    const key = `${hunk.oldFrom} ${hunk.oldTo} ${hunk.newFrom} ${hunk.newTo}`;
    let marks = kept.marks.get(key);
    if (!marks) {
      marks = marksOf(hunk, suggestion.baseLines, suggestion.lines);
      kept.marks.set(key, marks);
    }
    return marks;
  }

  private _tokens(spot: Spot, suggestion: Suggestion): readonly (readonly Token[])[] {
    const colours = this._colours.get(suggestion);
    if (colours) {
      return colours.of(suggestion.lines, suggestion.round);
    }
    if (colours === undefined) {
      this._colours.set(suggestion, null);
      void this._findColours(spot.mimeType()).then(make => {
        if (make) {
          this._colours.set(suggestion, new LineColours(make));
          suggestion.changed();
        }
      });
    }
    return [];
  }

  private readonly _spots: Spots;
  private readonly _due = new Set<Spot>();
  private readonly _watched = new WeakSet<ISpotCell>();
  private _isPlanned = false;
  private _restUntil = 0;
  private readonly _kept = new WeakMap<Suggestion, { round: number; marks: Map<string, IMarks> }>();
  private readonly _colours = new WeakMap<Suggestion, LineColours | null>();
}
