/** The line of chips above the composer: what goes with the question, each with its price. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { tokens } from '../chat/figures';
import type { NotebookContext } from './notebook';
import type { IFacts, IPiece } from './pieces';

export interface IChipsProps {
  context: NotebookContext;
  text: string;
  trans: TranslationBundle;
  /** The user wants to add something. */
  onAdd: () => void;
}

export function Chips({ context, text, trans, onAdd }: IChipsProps): React.JSX.Element {
  const pieces = context.pieces(text);
  return (
    <ul className="jp-Spark-chips" aria-label={trans.__('Sent with the question')}>
      {pieces.map(piece => (
        <li key={piece.key} className="jp-Spark-chip" data-kind={piece.kind}>
          <span className="jp-Spark-chipLabel" title={longLabel(piece, context.facts, trans)}>
            {shortLabel(piece, context.facts, trans)}
          </span>
          <span className="jp-Spark-price" title={trans.__('about %1 tokens', piece.tokens)}>
            {tokens(piece.tokens)}
          </span>
          <button
            className="jp-Spark-remove"
            aria-label={trans.__('Do not send: %1', shortLabel(piece, context.facts, trans))}
            title={trans.__('Do not send')}
            onClick={() => context.remove(piece)}
          >
            <closeIcon.react tag="span" />
          </button>
        </li>
      ))}
      <li>
        <button className="jp-Spark-add" title={trans.__('Add a cell, a variable or a file')} onClick={onAdd}>
          + @
        </button>
      </li>
    </ul>
  );
}

function shortLabel(piece: IPiece, facts: IFacts, trans: TranslationBundle): string {
  switch (piece.kind) {
    case 'selection':
      return trans.__('Selection');
    case 'variables':
      return facts.variablesAreOld && facts.variablesAt !== null
        ? trans.__('Variables (%1 old)', age(Date.now() - facts.variablesAt))
        : trans.__('Variables');
    case 'notebook':
      return trans.__('Notebook');
    default:
      return piece.label;
  }
}

function longLabel(piece: IPiece, facts: IFacts, trans: TranslationBundle): string {
  switch (piece.kind) {
    case 'cell':
      return trans.__('The cell %1', piece.label);
    case 'selection':
      return piece.label;
    case 'error':
      return facts.error?.report.message ?? piece.label;
    case 'variables': {
      const known = trans._n('%1 variable', '%1 variables', Number(piece.label));
      const old = facts.variablesAreOld ? ` ${trans.__('The kernel is busy and has not told them anew.')}` : '';
      return `${known}. ${trans.__('Those that the cell or the question names are sent: type and shape.')}${old}`;
    }
    case 'notebook':
      return trans.__('The %1 other code cells, as far as the budget takes them.', piece.label);
    default:
      return piece.value;
  }
}

/** An age in milliseconds, for reading. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 60
    ? `${seconds} s`
    : seconds < 3600
      ? `${Math.round(seconds / 60)} min`
      : `${Math.round(seconds / 3600)} h`;
}
