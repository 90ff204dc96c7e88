/** What was sent with a question: every piece, why it was in, its price, and what had no room. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { ContextPack } from '../_wire';
import { tokens } from './figures';

export function Receipt({ context, trans }: { context: ContextPack; trans: TranslationBundle }): React.JSX.Element {
  const { pieces, dropped, tokens: total, budget_tokens: budget } = context;
  const price = trans.__('%1 of %2 tokens', tokens(total), tokens(budget));
  return (
    <details className="jp-Spark-receipt">
      <summary>
        {trans.__('Context')} · {price}
      </summary>
      {pieces.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">{trans.__('Sent')}</th>
              <th scope="col">{trans.__('Why')}</th>
              <th scope="col">{trans.__('Tokens')}</th>
            </tr>
          </thead>
          <tbody>
            {pieces.map((piece, index) => (
              <tr key={index}>
                <td>{piece.label}</td>
                <td>{piece.reason}</td>
                <td>{tokens(piece.tokens)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {!pieces.length && <p>{trans.__('Nothing but the question.')}</p>}
      {dropped.length > 0 && (
        <p>
          {trans.__('No room for:')} {dropped.join(', ')}
        </p>
      )}
    </details>
  );
}
