/** Below the composer's field: what it costs, who answers, Stop and Send. */

import * as React from 'react';
import { roughTokens } from '../context/pieces';
import type { ISpark } from '../tokens';
import { tokens } from './figures';

export interface IFootProps {
  spark: ISpark;
  text: string;
  onSend: () => void;
  /** The button is about to go, and the keyboard's place with it. */
  onStopped: () => void;
}

export function ComposerFoot({ spark, text, onSend, onStopped }: IFootProps): React.JSX.Element {
  const { store, trans } = spark;
  const running = store.current?.running ?? null;
  const hint = running && text.trim() ? trans.__('Enter redirects the answer that is on its way.') : store.word;
  return (
    <>
      <p className="jp-Spark-word" role="status">
        {hint}
      </p>
      <div className="jp-Spark-composerRow">
        <Meter spark={spark} text={text} />
        {running && (
          <button
            className="jp-Button jp-mod-minimal"
            title={trans.__('Stop (Escape)')}
            onClick={() => {
              store.stop();
              onStopped();
            }}
          >
            {trans.__('Stop')}
          </button>
        )}
        <button
          className="jp-Button jp-mod-styled jp-mod-accept"
          title={running ? trans.__('Redirect the answer (Enter)') : trans.__('Send (Enter)')}
          disabled={!store.current || !text.trim()}
          onClick={onSend}
        >
          {trans.__('Send')}
        </button>
      </div>
    </>
  );
}

/** What the question costs against what its tier takes. */
function Meter({ spark, text }: Omit<IFootProps, 'onSend' | 'onStopped'>): React.JSX.Element | null {
  const { store, setup, context, trans } = spark;
  const status = setup.tier(store.tier);
  if (!status || !store.current) {
    return null;
  }
  const budget = status.context_tokens;
  const wanted = context.pieces(text).reduce((sum, piece) => sum + piece.tokens, roughTokens(text.length));
  const isFull = wanted > budget;
  const said = isFull
    ? trans.__('About %1 tokens of %2: what is least needed is left out.', tokens(wanted), tokens(budget))
    : trans.__('About %1 of %2 tokens', tokens(wanted), tokens(budget));
  return (
    <span className="jp-Spark-meter" data-full={isFull} title={said}>
      <meter min={0} max={budget} value={Math.min(wanted, budget)} aria-label={said} />
      <span>
        {tokens(wanted)} / {tokens(budget)}
      </span>
      <span className="jp-Spark-model" title={status.title}>
        {status.model}
      </span>
    </span>
  );
}
