/** What running the notebook before and after has shown, cell by cell. */

import * as React from 'react';
import type { CellVerification, VerificationReport, VerifyProgress } from '../_wire';
import { duration } from '../chat/figures';
import { Code } from './diffview';
import { HOLDS, verdictKind, verdictWord } from './labels';
import { Act, cellName, type IRefactorProps, Mark } from './parts';
import type { Review } from './review';

type IVerifyProps = IRefactorProps & { review: Review };

export function Verification(props: IVerifyProps): React.JSX.Element | null {
  const { refactors, review, tools } = props;
  const { trans } = tools;
  const { verification } = review;
  if (!verification) {
    return null;
  }
  const { report, problem, isRunning, isOld } = verification;
  return (
    <section aria-label={trans.__('Verified by running before and after')}>
      <h3>{trans.__('Verified by running before and after')}</h3>
      {isRunning && (
        <p>
          <Mark kind="busy">
            {verification.progress.map(one => progressWord(one, props)).join(' · ') || trans.__('starting…')}
          </Mark>
        </p>
      )}
      {problem && (
        <p className="jp-Spark-problem" role="alert">
          {problem}
        </p>
      )}
      {isOld && !isRunning && (
        <p className="jp-SparkRefactor-note">
          {trans.__('Something else would be accepted by now.')}{' '}
          <Act label={trans.__('Verify again')} run={() => refactors.check('run')} />
        </p>
      )}
      {report && <Report {...props} report={report} />}
    </section>
  );
}

function progressWord({ run, phase, cell, cells }: VerifyProgress, { tools }: IVerifyProps): string {
  const { trans } = tools;
  const names = { before: trans.__('before'), after: trans.__('after'), again: trans.__('before, again') };
  const how = {
    copying: trans.__('copying the folder'),
    starting: trans.__('starting a kernel'),
    running: trans.__('cell %1 of %2', cell, cells),
    finished: trans.__('done')
  };
  return `${names[run]}: ${how[phase]}`;
}

function Report({ report, review, tools }: IVerifyProps & { report: VerificationReport }): React.JSX.Element {
  const { trans } = tools;
  const same = report.cells.filter(cell => cell.verdict === 'same').length;
  return (
    <div className="jp-SparkRefactor-box">
      <div className="jp-SparkRefactor-boxHead">
        <Mark kind={report.holds ? 'ok' : 'bad'}>
          {report.unverified || trans.__('%1 of %2 cells put out the same', same, report.cells.length)}
        </Mark>
        <span className="jp-Spark-space" />
        <span>{`${duration(report.elapsed_s)} · ${report.kernel}`}</span>
      </div>
      <table>
        <thead>
          <tr>
            <th scope="col">{trans.__('Cell')}</th>
            <th scope="col">{trans.__('Verdict')}</th>
            <th scope="col">{trans.__('What differs')}</th>
          </tr>
        </thead>
        <tbody>
          {report.cells.map((cell, index) => (
            <tr key={index}>
              <td>{placeOf(cell, review, tools)}</td>
              <td>
                <Mark kind={verdictKind(cell)}>{verdictWord(cell, trans)}</Mark>
              </td>
              <td>
                <Difference cell={cell} tools={tools} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {report.notes.map(note => (
        <p key={note} className="jp-SparkRefactor-note">
          {note}
        </p>
      ))}
    </div>
  );
}

function placeOf(cell: CellVerification, review: Review, { trans }: IRefactorProps['tools']): string {
  const ids = cell.before_ids.length ? cell.before_ids : cell.after_ids;
  return ids.map(id => cellName(trans, review.indexOf(id))).join(', ');
}

function Difference({ cell, tools }: { cell: CellVerification; tools: IVerifyProps['tools'] }): React.JSX.Element {
  const { trans } = tools;
  if (cell.verdict === 'same') {
    return <></>;
  }
  const traceback = cell.error?.traceback ?? '';
  const hasMore = cell.before !== cell.after || traceback !== '';
  if (!hasMore) {
    return <>{cell.why}</>;
  }
  return (
    <details open={!HOLDS.has(cell.verdict)}>
      <summary>{cell.why || verdictWord(cell, trans)}</summary>
      {cell.before !== cell.after && (
        <div className="jp-Spark-both">
          <figure>
            <figcaption>{trans.__('before')}</figcaption>
            <Code text={cell.before} label={trans.__('before')} />
          </figure>
          <figure>
            <figcaption>{trans.__('after')}</figcaption>
            <Code text={cell.after} label={trans.__('after')} />
          </figure>
        </div>
      )}
      {traceback && <Code text={traceback} label={trans.__('The traceback')} />}
    </details>
  );
}
