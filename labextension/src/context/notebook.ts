/** What is known of the notebook in front: its active cell, its selection, its last error, its variables. */

import type { Cell } from '@jupyterlab/cells';
import type { CodeEditor } from '@jupyterlab/codeeditor';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { TurnRequested } from '../_wire';
import type { IOptions } from '../settings/options';
import { Watched } from '../watched';
import { readError } from './error';
import { contextOf, currentPieces, type IChoice, type IFacts, type IPiece, NO_CHOICE, NO_FACTS, words } from './pieces';
import { KernelVariables, type LoadSource } from './variables';

const OLD_MS = 2000;

/** Watches the notebook in front. Facts are read when they are needed or a moment after a change, not at each key. */
export class NotebookContext extends Watched {
  constructor(
    private readonly _tracker: INotebookTracker,
    private readonly _source: LoadSource,
    private readonly _options: () => IOptions,
    private readonly _trans: TranslationBundle
  ) {
    super();
    _tracker.currentChanged.connect(() => this._onCurrent());
    _tracker.activeCellChanged.connect(() => this.readSoon());
    document.addEventListener('selectionchange', () => this._onSelection());
    this._onCurrent();
  }

  facts: IFacts = NO_FACTS;

  get panel(): NotebookPanel | null {
    return this._tracker.currentWidget;
  }

  get choice(): IChoice {
    return this._choices.get(this.panel?.context.path ?? '') ?? NO_CHOICE;
  }

  /** The chips of now. */
  pieces(text: string): IPiece[] {
    return currentPieces(this.facts, this.choice, text);
  }

  /** What a question sends; reads the notebook as it is at this moment, and waits for nothing. */
  request(text: string): Partial<TurnRequested> {
    this.facts = this._read();
    return contextOf(this.facts, this.choice, text);
  }

  add(piece: IPiece): void {
    const { removed, added } = this.choice;
    this._choose({
      removed: new Set([...removed].filter(key => key !== piece.key)),
      added: [...added.filter(other => other.key !== piece.key), piece]
    });
  }

  remove(piece: IPiece): void {
    const { removed, added } = this.choice;
    this._choose({
      removed: new Set([...removed, piece.key]),
      added: added.filter(other => other.key !== piece.key)
    });
  }

  /** All chips as at the beginning. */
  resetChoice(): void {
    this._choose(NO_CHOICE);
  }

  /** Read again a moment later. */
  readSoon(): void {
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => this.read(), 100);
  }

  /** Read again now; ask the kernel too if what it said last is old. */
  read(): void {
    this.facts = this._read();
    const variables = this._variables;
    if (variables && (variables.at === null || Date.now() - variables.at > OLD_MS)) {
      this.refreshVariables();
    }
    this.changed();
  }

  /** Ask the kernel for its variables, those that a text names before others. */
  refreshVariables(text = this.facts.cell?.source ?? ''): void {
    this._variables?.refresh(words(text));
  }

  private _choose(choice: IChoice): void {
    this._choices.set(this.panel?.context.path ?? '', choice);
    this.changed();
  }

  private _onCurrent(): void {
    this._variables?.dispose();
    this._variables = null;
    const panel = this.panel;
    if (panel) {
      const read = (): void => {
        this.facts = this._read();
        this.changed();
      };
      this._variables = new KernelVariables(panel.sessionContext, this._source, read);
      this._variables.refresh();
      void panel.context.ready.then(read);
    }
    this.read();
  }

  private _onSelection(): void {
    const panel = this.panel;
    if (panel && panel.content.node.contains(document.activeElement)) {
      this.readSoon();
    }
  }

  private _read(): IFacts {
    const panel = this.panel;
    // Until the file has come, the model holds a blank cell that is not the notebook's.
    const cells = panel?.context.isReady ? panel.context.model?.cells : null;
    if (!panel || !cells) {
      return NO_FACTS;
    }
    const { sendSelection, sendError, sendVariables } = this._options();
    const active = panel.content.activeCell;
    let otherChars = 0;
    let otherCells = 0;
    for (const cell of cells) {
      if (cell.type === 'code' && cell.id !== active?.model.id) {
        const length = cell.sharedModel.getSource().trim().length;
        otherChars += length;
        otherCells += length ? 1 : 0;
      }
    }
    const variables = this._variables;
    return {
      cell: active
        ? { id: active.model.id, label: this._label(active), source: active.model.sharedModel.getSource() }
        : null,
      selection: active && sendSelection ? selectionOf(active) : '',
      error: sendError ? readError(cells) : null,
      variables: sendVariables && variables ? variables.rows : [],
      variablesAt: variables?.at ?? null,
      variablesAreOld: variables?.isOld ?? false,
      otherChars,
      otherCells
    };
  }

  private _label(cell: Cell): string {
    const count = (cell.model as { executionCount?: number | null }).executionCount;
    return count ? `In [${count}]` : this._trans.__('This cell');
  }

  private _variables: KernelVariables | null = null;
  private _timer = 0;
  private readonly _choices = new Map<string, IChoice>();
}

function selectionOf(cell: Cell): string {
  const editor: CodeEditor.IEditor | null = cell.editor;
  if (!editor) {
    return '';
  }
  const { start, end } = editor.getSelection();
  const [from, to] = [editor.getOffsetAt(start), editor.getOffsetAt(end)];
  return cell.model.sharedModel.getSource().slice(Math.min(from, to), Math.max(from, to));
}
