/** One turn in the transcript: what was asked, the answer as it comes, the figures. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { AnswerBody, type RenderBlock } from './answer';
import { closingLine } from './figures';
import type { Turn } from './turn';

export interface ITurnViewProps {
  turn: Turn;
  render: RenderBlock;
  trans: TranslationBundle;
  /** The page grew: the reader who is at its end stays there. */
  onGrown: () => void;
}

/** A turn. React draws what stands around the answer; the answer itself grows outside of React. */
export function TurnView(props: ITurnViewProps): React.JSX.Element {
  const { turn, render, trans, onGrown } = props;
  const host = React.useRef<HTMLDivElement>(null);
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);

  React.useEffect(() => {
    const body = new AnswerBody(render, onGrown);
    host.current?.replaceChildren(body.element);
    let shown = 0;
    const stream = (): void => {
      body.add(turn.text.slice(shown));
      shown = turn.text.length;
    };
    const leave = turn.watch({
      onStream: stream,
      onRestart: () => {
        shown = 0;
        body.clear();
      },
      onChange: () => {
        if (turn.ended) {
          stream();
          body.finish();
        }
        redraw();
        onGrown();
      }
    });
    stream();
    if (turn.ended) {
      body.finish();
    }
    return () => {
      leave();
      body.dispose();
    };
  }, [turn, render, onGrown]);

  return (
    <article className="jp-Spark-turn" data-state={turn.state} aria-busy={!turn.ended}>
      <div className="jp-Spark-asked">{turn.instruction}</div>
      <div ref={host} />
      {turn.problem && (
        <p className="jp-Spark-problem" role="alert">
          {turn.problem} {turn.hint}
        </p>
      )}
      {turn.notices.map((notice, index) => (
        <p className="jp-Spark-notice" key={index}>
          {notice}
        </p>
      ))}
      <footer className="jp-Spark-figures">
        {!turn.ended && <span className="jp-Spark-live">{trans.__('streaming')}</span>}
        {turn.state === 'stopped' && <span>{trans.__('stopped')}</span>}
        {turn.state === 'interrupted' && <span>{trans.__('interrupted')}</span>}
        <span>{closingLine(turn).join(' · ')}</span>
      </footer>
    </article>
  );
}
