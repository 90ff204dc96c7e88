/** The turns of a conversation. The view stays at its end only while the reader is there. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { RenderBlock } from './answer';
import type { ChatStore } from './store';
import { TurnView } from './turnview';

const NEAR_END_PX = 24;

export interface ITranscriptProps {
  store: ChatStore;
  render: RenderBlock;
  trans: TranslationBundle;
}

export function Transcript({ store, render, trans }: ITranscriptProps): React.JSX.Element {
  const log = React.useRef<HTMLDivElement>(null);
  const follows = React.useRef(true);
  const conversation = store.current;
  const turns = conversation?.turns ?? [];

  const onGrown = React.useCallback(() => {
    if (follows.current && log.current) {
      log.current.scrollTop = log.current.scrollHeight;
    }
  }, []);
  React.useLayoutEffect(() => {
    follows.current = true;
    onGrown();
  }, [turns.length, conversation, onGrown]);

  const onScroll = (): void => {
    const box = log.current;
    if (box) {
      follows.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PX;
    }
  };

  return (
    <div className="jp-Spark-transcript" role="log" aria-label={trans.__('Conversation')} ref={log} onScroll={onScroll}>
      {!turns.length && (
        <p className="jp-Spark-empty">
          {store.current
            ? trans.__('Ask about this notebook, or say what to change.')
            : trans.__('Open a notebook to talk about it.')}
        </p>
      )}
      {turns.map(turn => (
        <TurnView key={turn.id} turn={turn} render={render} trans={trans} onGrown={onGrown} />
      ))}
    </div>
  );
}
