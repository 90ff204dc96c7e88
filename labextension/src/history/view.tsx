/** The conversations about a notebook: one is chosen to go on with. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { PastConversation } from '../_wire';
import type { ChatStore } from '../chat/store';
import { lineOf } from '../rest';

export interface IHistoryProps {
  store: ChatStore;
  trans: TranslationBundle;
  onChosen: () => void;
}

export function History({ store, trans, onChosen }: IHistoryProps): React.JSX.Element {
  const [kept, setKept] = React.useState<PastConversation[] | null>(null);
  const [problem, setProblem] = React.useState('');
  const list = React.useRef<HTMLUListElement>(null);
  const notebook = store.current?.notebook ?? null;

  React.useEffect(() => {
    let isHere = true;
    setKept(null);
    store.past(notebook).then(
      found => isHere && setKept(found),
      error => isHere && setProblem(lineOf(error))
    );
    return () => {
      isHere = false;
    };
  }, [store, notebook]);
  React.useEffect(() => list.current?.querySelector('button')?.focus(), [kept]);

  return (
    <section className="jp-Spark-history" aria-label={trans.__('History')} aria-busy={!kept && !problem}>
      {problem && (
        <p className="jp-Spark-problem" role="alert">
          {problem}
        </p>
      )}
      {kept?.length === 0 && <p className="jp-Spark-empty">{trans.__('No conversation about this notebook yet.')}</p>}
      <ul ref={list}>
        {kept?.map(one => (
          <li key={one.conversation_id}>
            <button
              aria-current={one.conversation_id === store.current?.id}
              onClick={() => {
                store.resume(one);
                onChosen();
              }}
            >
              <span>{one.title || (one.turns[0] ? `/${one.turns[0].kind}` : trans.__('Without words'))}</span>
              <small>
                {new Date(1000 * one.changed_at_s).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })}
                {' · '}
                {trans._n('%1 turn', '%1 turns', one.turns.length)}
              </small>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
