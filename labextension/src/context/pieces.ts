/**
 * What goes with a question, as chips: what is sent by itself, what the user took away, what the user added.
 *
 * Free of JupyterLab, so that it can be tested without one.
 */

import type { ErrorReport, TurnRequested, VariableSummary } from '../_wire';

const BYTES_PER_TOKEN = 3.5;

/** What is known of the notebook in front. */
export interface IFacts {
  cell: { id: string; label: string; source: string } | null;
  selection: string;
  error: { report: ErrorReport; cellId: string; label: string } | null;
  variables: readonly VariableSummary[];
  /** When the kernel told its variables, in milliseconds of `Date.now()`; null before it did. */
  variablesAt: number | null;
  /** Whether the kernel was asked again and has not answered. */
  variablesAreOld: boolean;
  /** How long the notebook's other cells are, in characters, and how many there are. */
  otherChars: number;
  otherCells: number;
}

export const NO_FACTS: IFacts = {
  cell: null,
  selection: '',
  error: null,
  variables: [],
  variablesAt: null,
  variablesAreOld: false,
  otherChars: 0,
  otherCells: 0
};

export type PieceKind = 'cell' | 'selection' | 'error' | 'variables' | 'notebook' | 'file' | 'variable';

/** A piece of context: one chip. `value` is its cell id, variable or path. */
export interface IPiece {
  key: string;
  kind: PieceKind;
  label: string;
  value: string;
  tokens: number;
}

/** What the user took away and added. Keys hold what they stand for, so that another selection is there again. */
export interface IChoice {
  removed: ReadonlySet<string>;
  added: readonly IPiece[];
}

export const NO_CHOICE: IChoice = { removed: new Set(), added: [] };

/** A rough number of tokens, from characters; the receipt has the exact one. */
export function roughTokens(chars: number): number {
  return Math.ceil(chars / BYTES_PER_TOKEN);
}

/** The names of the words that an edit or a question may be about. */
export function words(text: string): Set<string> {
  return new Set(text.match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? []);
}

/** The variables that are sent: those that the cell or the words name. */
export function namedVariables(facts: IFacts, text: string): VariableSummary[] {
  const named = words(`${facts.cell?.source ?? ''} ${text}`);
  return facts.variables.filter(variable => named.has(variable.name));
}

/** The pieces of now, those that the user took away left out. */
export function currentPieces(facts: IFacts, choice: IChoice, text = ''): IPiece[] {
  const own = [...ownPieces(facts, text)].filter(piece => !choice.removed.has(piece.key));
  const taken = new Set(own.map(piece => piece.key));
  return [...own, ...choice.added.filter(piece => !taken.has(piece.key))];
}

function* ownPieces(facts: IFacts, text: string): Generator<IPiece> {
  const { cell, selection, error } = facts;
  if (cell?.source.trim()) {
    yield piece('cell', cell.id, cell.label, cell.source.length);
  }
  if (cell && selection.trim() && selection.trim() !== cell.source.trim()) {
    yield piece('selection', `${cell.id}:${selection}`, firstLine(selection), selection.length);
  }
  if (error) {
    yield piece('error', `${error.cellId}:${error.report.message}`, error.label, error.report.traceback?.length ?? 0);
  }
  if (facts.variables.length) {
    const lines = namedVariables(facts, text).map(variableLine);
    yield piece('variables', '', `${facts.variables.length}`, lines.join('\n').length);
  }
  if (facts.otherCells) {
    yield piece('notebook', '', `${facts.otherCells}`, facts.otherChars);
  }
}

/** Make a piece; its key tells it from every other. */
export function piece(kind: PieceKind, value: string, label: string, chars: number): IPiece {
  return { key: `${kind}:${value}`, kind, label, value, tokens: roughTokens(chars) };
}

export function variableLine(variable: VariableSummary): string {
  return `${variable.name}: ${variable.type} ${variable.summary ?? ''}`.trim();
}

/** What a request says of its context. All variables go to the server, which knows names by them; few are sent on. */
export function contextOf(facts: IFacts, choice: IChoice, text: string, now = Date.now()): Partial<TurnRequested> {
  const pieces = currentPieces(facts, choice, text);
  const has = (kind: PieceKind): boolean => pieces.some(piece => piece.kind === kind);
  const values = (kind: PieceKind): string[] =>
    choice.added.filter(piece => piece.kind === kind).map(piece => piece.value);
  const error = has('error') ? facts.error : null;
  const own = facts.cell && !choice.removed.has(`cell:${facts.cell.id}`) ? facts.cell.id : null;
  return {
    cell_id: own,
    selection: has('selection') ? facts.selection : '',
    error: error?.report ?? null,
    error_cell_id: error?.cellId ?? null,
    variables: [...facts.variables],
    variables_age_s: facts.variablesAt === null ? null : Math.max(0, (now - facts.variablesAt) / 1000),
    without: (['notebook', 'variables'] as const).filter(kind => choice.removed.has(`${kind}:`)),
    cells: values('cell'),
    chosen_variables: values('variable'),
    files: values('file')
  };
}

function firstLine(text: string): string {
  const lines = text.trim().split('\n');
  const first = (lines[0] as string).trim();
  const short = first.length > 24 ? `${first.slice(0, 23)}…` : first;
  return lines.length > 1 ? `${short} +${lines.length - 1}` : short;
}
