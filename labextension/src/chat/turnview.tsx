/** One turn in the transcript: what was asked, the answer as it comes, the figures. */

import * as React from 'react';
import { AnswerBody, type IAnswerTools } from './answer';
import { type FindNotebook, showCell } from './cells';
import { Asked, shortened } from './asked';
import { closingLine, liveLine } from './figures';
import { useVerdict, wordOf } from './judge';
import { EditCard } from './proposal';
import { Receipt } from './receipt';
import type { Turn } from './turn';
import type { Verdicts } from './verdicts';
import { WaysBar } from './waysbar';

const SPEED_EVERY_MS = 250;
/** How much of a question names its turn. */
const NAME_CHARS = 100;

/** What all turns of a transcript share. */
export interface ITurnTools extends IAnswerTools {
  find: FindNotebook;
  copy: (text: string) => void;
  verdicts: Verdicts;
}

export interface ITurnViewProps {
  turn: Turn;
  notebook: string;
  tools: ITurnTools;
  /** Ask the same again. */
  retry: (turn: Turn) => void;
  /** Ask for the same edit in several ways. */
  alternatives: (turn: Turn) => void;
  /** Words for a screen reader. */
  say: (words: string) => void;
}

/** A turn. React draws what stands around the answer; the answer itself grows outside of React. */
export const TurnView = React.memo(function TurnView(props: ITurnViewProps): React.JSX.Element {
  const { turn, tools } = props;
  const { ways } = turn;
  const shown = ways?.shown ?? turn;
  const article = React.useRef<HTMLElement>(null);
  const isNear = useNearness(article, turn.isPast);
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);

  React.useEffect(() => {
    redraw(); // it may have gone on between the first drawing and now
    const quiet = { onStream: () => undefined, onRestart: () => undefined };
    return ways ? ways.watch(redraw) : turn.watch({ ...quiet, onChange: redraw });
  }, [turn, ways]);

  return (
    <article
      ref={article}
      className="jp-Spark-turn"
      data-turn={turn.id}
      data-state={(ways?.turns.find(one => !one.ended) ?? shown).state}
      aria-busy={!(ways ?? turn).ended}
      aria-label={shortened(turn.instruction, NAME_CHARS) || turn.kind}
    >
      <Asked words={turn.instruction || turn.kind} trans={tools.trans} />
      {turn.steered.map((words, index) => (
        <Asked words={words} trans={tools.trans} isSteered key={index} />
      ))}
      {ways && <WaysBar ways={ways} trans={tools.trans} />}
      <Shown {...props} turn={shown} isNear={isNear} key={shown.id} />
    </article>
  );
});

/** The turn itself, or the one of several tries that is shown. */
function Shown(props: ITurnViewProps & { isNear: boolean }): React.JSX.Element {
  const { turn, tools, isNear } = props;
  return (
    <>
      {isNear && <Answer {...props} />}
      {turn.isInCell && (!turn.ended || turn.proposal !== null) && <InCell {...props} />}
      {isNear && turn.wantsCode && !turn.isInCell && (turn.proposal !== null || turn.lines.length > 0) && (
        <EditCard turn={turn} notebook={props.notebook} tools={tools} />
      )}
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
      <Foot {...props} />
    </>
  );
}

/** One line for an edit that is shown in its cell. */
function InCell({ turn, notebook, tools }: ITurnViewProps): React.JSX.Element {
  const { trans, verdicts } = tools;
  const { standing } = useVerdict(verdicts, turn.proposal?.proposal_id ?? '');
  const shown = turn.ended
    ? trans.__('The change was shown in its cell.')
    : trans.__('The change arrives in its cell.');
  return (
    <p className="jp-Spark-notice">
      {shown}
      {standing !== 'open' && <strong>{wordOf(standing, trans)}</strong>}
      <button
        type="button"
        className="jp-Spark-quiet"
        onClick={() => {
          if (!turn.cellId || !showCell(tools.find(notebook), turn.cellId)) {
            turn.leaveCell();
          }
        }}
      >
        {trans.__('Show in cell')}
      </button>
    </p>
  );
}

/** Whether a turn that is done has been near the reader; what never was is not rendered. */
function useNearness(article: React.RefObject<HTMLElement>, waits: boolean): boolean {
  const [isNear, setNear] = React.useState(!waits);
  React.useEffect(() => {
    const element = article.current;
    if (isNear || !element) {
      return;
    }
    const root = element.closest('.jp-Spark-transcript');
    const observer = new IntersectionObserver(
      entries => {
        if (entries.some(entry => entry.isIntersecting)) {
          setNear(true);
        }
      },
      { root, rootMargin: '600px 0px' }
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [article, isNear]);
  return isNear;
}

/** The answer's words. */
function Answer({ turn, tools, say }: ITurnViewProps): React.JSX.Element {
  const host = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const body = new AnswerBody(tools, turn.ended ? undefined : say);
    host.current?.replaceChildren(body.element);
    let shown = 0;
    let isWhole = false;
    const stream = (): void => {
      body.add(turn.text.slice(shown));
      shown = turn.text.length;
    };
    const end = (): void => {
      if (turn.ended && !isWhole) {
        isWhole = true;
        stream();
        body.finish();
      }
    };
    const leave = turn.watch({
      onStream: stream,
      onRestart: () => {
        shown = 0;
        body.clear();
      },
      onChange: end
    });
    stream();
    end();
    return () => {
      leave();
      body.dispose();
    };
  }, [turn, tools, say]);
  return <div ref={host} />;
}

function Foot({ turn, tools, retry, alternatives, say }: ITurnViewProps): React.JSX.Element {
  const { trans } = tools;
  return (
    <footer className="jp-Spark-foot">
      <div className="jp-Spark-figures">
        {!turn.ended && <span className="jp-Spark-live">{liveWord(turn, trans)}</span>}
        {turn.state === 'stopped' && <span>{trans.__('stopped')}</span>}
        {turn.state === 'interrupted' && <span>{trans.__('interrupted')}</span>}
        <span>{closingLine(turn).join(' · ')}</span>
        {!turn.ended && <Speed turn={turn} />}
      </div>
      {turn.ended && (
        <div className="jp-Spark-turnRow">
          {turn.text && (
            <button
              type="button"
              className="jp-Spark-quiet"
              onClick={() => {
                tools.copy(turn.text);
                say(trans.__('Copied'));
              }}
            >
              {trans.__('Copy')}
            </button>
          )}
          <button type="button" className="jp-Spark-quiet jp-Spark-retry" onClick={() => retry(turn)}>
            {trans.__('Retry')}
          </button>
          {turn.wantsCode && !turn.ways && turn.proposal && (
            <button type="button" className="jp-Spark-quiet jp-Spark-retry" onClick={() => alternatives(turn)}>
              {trans.__('Alternatives')}
            </button>
          )}
        </div>
      )}
      {turn.context && <Receipt context={turn.context} trans={trans} />}
    </footer>
  );
}

function liveWord(turn: Turn, trans: ITurnTools['trans']): string {
  return turn.state === 'waiting' ? trans.__('waiting') : trans.__('streaming');
}

/** The speed as the page sees it, a few times a second and outside of React. */
function Speed({ turn }: { turn: Turn }): React.JSX.Element {
  const span = React.useRef<HTMLSpanElement>(null);
  React.useEffect(() => {
    const tell = (): void => {
      if (span.current) {
        span.current.textContent = liveLine(turn, performance.now());
      }
    };
    tell();
    const timer = window.setInterval(tell, SPEED_EVERY_MS);
    return () => window.clearInterval(timer);
  }, [turn]);
  return <span ref={span} aria-hidden="true" />;
}
