/** The head of the tab: what was asked, how far it is, what can be done now. */

import * as React from 'react';
import { duration } from '../chat/figures';
import { UndoButtons } from './ask';
import { HOLDS } from './labels';
import { Act, type IRefactorProps, Mark, VerifySwitch } from './parts';
import { needsModel, partsOf } from './plan';
import type { Review } from './review';

type IHeaderProps = IRefactorProps & { review: Review };

const TICK_MS = 200;

export function Header(props: IHeaderProps): React.JSX.Element {
  const { refactors, review, tools } = props;
  const { trans } = tools;
  const [title = '', ...more] = review.instruction.split('\n');
  const sub = [
    trans._n('%1 cell', '%1 cells', review.order.length),
    [review.profile, review.model].filter((part, index, all) => part && all.indexOf(part) === index).join(' ')
  ];
  return (
    <header className="jp-SparkRefactor-head">
      <h2 title={review.instruction} tabIndex={-1}>
        {title}
      </h2>
      {more.map((line, index) => (
        <p key={index} className="jp-SparkRefactor-more">
          {line}
        </p>
      ))}
      <p className="jp-SparkRefactor-sub">
        <button type="button" className="jp-SparkRefactor-link" onClick={() => tools.open()}>
          {refactors.path}
        </button>
        {sub.map(part => part && ` · ${part}`)}
      </p>
      <Progress {...props} />
      <div className="jp-SparkRefactor-bar">
        <Status {...props} />
        {!review.isRunning && <VerifySwitch {...props} onChange={mode => mode !== 'none' && refactors.check(mode)} />}
        <Actions {...props} />
      </div>
      {review.problem && (
        <p className="jp-Spark-problem" role="alert">
          {[review.problem, review.hint].filter(part => part).join(' ')}
        </p>
      )}
      {review.isLost && (
        <p className="jp-Spark-problem" role="alert">
          {trans.__('The server was restarted: what is here can be accepted, but not checked or written any further.')}
        </p>
      )}
      {review.notices.map((notice, index) => (
        <p key={index} className="jp-SparkRefactor-note">
          {notice}
        </p>
      ))}
    </header>
  );
}

function Progress({ review, tools }: IHeaderProps): React.JSX.Element | null {
  const { trans } = tools;
  if (!review.isRunning) {
    return null;
  }
  const isKnown = review.phase === 'writing' && review.writing.total > 0;
  const value = isKnown ? Math.round((100 * review.writing.done) / review.writing.total) : undefined;
  return (
    <div
      className={`jp-SparkRefactor-progress${isKnown ? '' : ' jp-mod-unknown'}`}
      role="progressbar"
      aria-label={review.phase === 'planning' ? trans.__('Planning') : trans.__('Writing')}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value}
    >
      <i style={isKnown ? { width: `${value}%` } : undefined} />
    </div>
  );
}

function Status({ refactors, review, tools }: IHeaderProps): React.JSX.Element {
  const { trans } = tools;
  const now = useClock(review.isRunning);
  const spent = duration(Math.max(0, (now - review.begunAt) / 1000));
  const words = (): string => {
    if (review.hasNoPlan) {
      return trans.__('There is no plan.');
    }
    if (review.phase === 'planning') {
      return `${trans.__('Planning')} · ${spent}`;
    }
    if (review.phase === 'planned') {
      const parts = review.plan ? partsOf(review.plan) : 0;
      return trans._n(
        '%1 part is to be done · nothing is written yet',
        '%1 parts are to be done · nothing is written yet',
        parts
      );
    }
    if (review.phase === 'writing') {
      const total =
        review.writing.total || review.plan?.steps.filter(step => step.accepted && needsModel(step)).length || 0;
      const left =
        review.writing.leftS === null ? '' : ` · ${trans.__('about %1 left', duration(review.writing.leftS))}`;
      return `${trans.__('%1 of %2 steps', review.writing.done, total)} · ${spent}${left}`;
    }
    return readyWords();
  };
  const readyWords = (): string => {
    const taken = review.changes.filter(one => one.state === 'taken').length;
    const open = review.open.length;
    const conflicts = review.open.filter(one => one.state !== 'open').length;
    return [
      trans._n('%1 change', '%1 changes', review.changes.length),
      taken ? trans.__('%1 accepted', taken) : '',
      taken && open ? trans.__('%1 open', open) : '',
      conflicts ? trans._n('%1 conflict', '%1 conflicts', conflicts) : '',
      review.tookS ? duration(review.tookS) : '',
      taken || refactors.standing.some(one => one.id === review.id) ? '' : trans.__('nothing is written yet')
    ]
      .filter(part => part)
      .join(' · ');
  };
  return (
    <span className="jp-SparkRefactor-status">
      {words()} {review.phase === 'ready' && <Verdict review={review} tools={tools} />}
    </span>
  );
}

/** What running the notebook has shown, in a word. */
function Verdict({ review, tools }: Pick<IHeaderProps, 'review' | 'tools'>): React.JSX.Element | null {
  const { trans } = tools;
  const { verification } = review;
  if (!verification || verification.isOld) {
    return null;
  }
  if (verification.isRunning) {
    return <Mark kind="busy">{trans.__('· running before and after…')}</Mark>;
  }
  if (!verification.report) {
    return null;
  }
  if (verification.report.unverified) {
    return <Mark kind="bad">{trans.__('not verified: it fails without the change, too')}</Mark>;
  }
  const differ = verification.report.cells.filter(cell => !HOLDS.has(cell.verdict)).length;
  return differ ? (
    <Mark kind="bad">{trans._n('%1 cell differs when run', '%1 cells differ when run', differ)}</Mark>
  ) : (
    <Mark kind="ok">{trans.__('does the same when run')}</Mark>
  );
}

function Actions(props: IHeaderProps): React.JSX.Element {
  const { refactors, review, tools } = props;
  const { trans } = tools;
  if (review.isRunning) {
    return (
      <Buttons>
        <Act label={trans.__('Stop')} run={() => refactors.stop()} />
      </Buttons>
    );
  }
  if (review.hasNoPlan) {
    return (
      <Buttons>
        <Act label={trans.__('Discard')} run={() => refactors.close()} />
        <Act label={trans.__('Try again')} isMain run={() => refactors.start(review.instruction)} />
      </Buttons>
    );
  }
  return review.phase === 'planned' ? <PlanActions {...props} /> : <ReadyActions {...props} />;
}

function PlanActions(props: IHeaderProps): React.JSX.Element {
  const { refactors, review, tools } = props;
  const { trans } = tools;
  const [isRevising, setRevising] = React.useState(false);
  const [words, setWords] = React.useState('');
  const revise = (): void => {
    refactors.revise(words.trim());
    setRevising(false);
    setWords('');
  };
  return (
    <>
      <Buttons>
        <Act label={trans.__('Discard')} run={() => refactors.close()} />
        <Act
          label={trans.__('Revise the plan…')}
          run={() => setRevising(!isRevising)}
          expanded={isRevising}
          disabled={review.isLost}
        />
        <Act
          label={trans.__('Write it')}
          isMain
          run={() => refactors.write()}
          disabled={review.isLost || !review.plan || !partsOf(review.plan)}
        />
      </Buttons>
      {isRevising && (
        <div className="jp-SparkRefactor-revise">
          <textarea
            autoFocus
            rows={2}
            value={words}
            aria-label={trans.__('What should be different in the plan?')}
            placeholder={trans.__('What should be different in the plan?')}
            onChange={event => setWords(event.target.value)}
            onKeyDown={event => {
              if (event.key === 'Escape') {
                setRevising(false);
              } else if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
                event.preventDefault();
                revise();
              }
            }}
          />
          <Act label={trans.__('Revise')} isMain run={revise} disabled={!words.trim()} />
        </div>
      )}
    </>
  );
}

function ReadyActions(props: IHeaderProps): React.JSX.Element {
  const { refactors, review, tools } = props;
  const { trans, announcer } = tools;
  const standing = refactors.standing.find(one => one.id === review.id);
  const open = review.open;
  const ticked = review.ticked.length;
  const accept = (): void => {
    const { taken, held } = refactors.acceptAll();
    announcer.say(trans._n('%1 cell accepted', '%1 cells accepted', taken));
    if (held) {
      announcer.say(trans._n('%1 change was held back', '%1 changes were held back', held));
    }
  };
  const reject = (): void => {
    refactors.refuseAll();
    announcer.say(trans.__('All changes are rejected'));
  };
  return (
    <Buttons>
      {review.verification?.isRunning && <Act label={trans.__('Stop')} run={() => refactors.stop()} />}
      {standing && <UndoButtons {...props} standing={standing} />}
      {open.length > 0 && (
        <>
          <Act label={trans.__('Reject all')} run={reject} />
          <Act
            label={ticked === open.length ? trans.__('Accept all') : trans.__('Accept all ticked (%1)', ticked)}
            isMain
            run={accept}
            disabled={!ticked || !refactors.notebook}
          />
        </>
      )}
      {!open.length && <Act label={trans.__('New refactor')} run={() => refactors.close()} />}
    </Buttons>
  );
}

/** Buttons that stay together, at the right. */
function Buttons({ children }: { children: React.ReactNode }): React.JSX.Element {
  return <span className="jp-SparkRefactor-buttons">{children}</span>;
}

/** The time of now, again and again while it matters. */
function useClock(isRunning: boolean): number {
  const [now, setNow] = React.useState(Date.now());
  React.useEffect(() => {
    if (!isRunning) {
      return;
    }
    setNow(Date.now());
    const timer = window.setInterval(() => setNow(Date.now()), TICK_MS);
    return () => window.clearInterval(timer);
  }, [isRunning]);
  return now;
}
