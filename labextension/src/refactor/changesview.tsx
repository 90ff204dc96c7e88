/** The changes: cell by cell, part by part, each with its checks, to be taken or left. */

import * as React from 'react';
import type { IHunk } from '../edit/linediff';
import type { ReviewedChange } from './change';
import { Code, Diff } from './diffview';
import { findingsOf, heldChecks, HOLDS, marksOf, noteOf, titleOf, verdictKind, verdictOf, verdictWord } from './labels';
import { Act, cellName, type IListRow, type IRefactorProps, List, Mark } from './parts';
import type { Review } from './review';
import { Verification } from './verifyview';

type IChangesProps = IRefactorProps & { review: Review };

export function ChangesView(props: IChangesProps): React.JSX.Element {
  const { refactors, review, tools } = props;
  const { trans } = tools;
  const changes = review.rows;
  const [chosen, setChosen] = React.useState('');
  const first = changes.find(one => one.isOpen && !one.isTicked) ?? changes.find(one => one.isOpen) ?? changes[0];
  const selected = changes.find(one => one.change.change_id === chosen) ?? first;
  const rows = changes.map(one => rowOf(one, props));
  const onTick = (key: string, isTicked: boolean): void => {
    const one = changes.find(one => one.change.change_id === key);
    if (one) {
      refactors.tick(one, isTicked);
    }
  };
  return (
    <div className="jp-SparkRefactor-grid">
      <div className="jp-SparkRefactor-side">
        <h3>{trans.__('Changes')}</h3>
        <List
          label={trans.__('Changes')}
          rows={rows}
          selected={selected?.change.change_id ?? ''}
          onSelect={setChosen}
          onTick={onTick}
        />
      </div>
      <div className="jp-SparkRefactor-detail">
        {!changes.length && <p className="jp-SparkRefactor-note">{trans.__('There is nothing to change.')}</p>}
        {selected && <ChangeDetail key={selected.change.change_id} {...props} one={selected} />}
        <WholeChecks {...props} />
        <Verification {...props} />
      </div>
    </div>
  );
}

function rowOf(one: ReviewedChange, { review, tools }: IChangesProps): IListRow {
  const { trans } = tools;
  const { change, isTicked, isOpen, state } = one;
  const place = cellName(trans, change.operation === 'insert' ? -1 : review.indexOf(change.cell_id));
  const title = titleOf(one, review, trans);
  return {
    key: change.change_id,
    place,
    title,
    note: waitsFor(one, review, tools) || noteOf(one, review, trans),
    mark: markOf(one, review, tools),
    isOff: state === 'refused',
    tick: { label: `${place}: ${title}`, isTicked: state === 'taken' || (isOpen && isTicked), disabled: !isOpen }
  };
}

/** What stands in the way of a change that could be taken by itself, but not without what belongs to it. */
function waitsFor(one: ReviewedChange, review: Review, { trans }: Pick<IChangesProps['tools'], 'trans'>): string {
  if (one.state !== 'open') {
    return '';
  }
  const held = review.groupOf(one).find(other => other.isOpen && other.state !== 'open');
  const index = held ? review.indexOf(held.change.cell_id) : -1;
  return held ? trans.__('belongs together with %1, which you changed', cellName(trans, index)) : '';
}

function markOf(one: ReviewedChange, review: Review, { trans }: IChangesProps['tools']): React.ReactNode {
  const verdict = verdictOf(one.change.cell_id, review);
  switch (one.state) {
    case 'taken':
      return <Mark kind="ok">{trans.__('accepted')}</Mark>;
    case 'refused':
      return <Mark kind="quiet">{trans.__('rejected')}</Mark>;
    case 'conflict':
      return <Mark kind="look">{trans.__('conflict')}</Mark>;
    case 'gone':
    case 'locked':
      return <Mark kind="look">{trans.__('left')}</Mark>;
    default:
      if (waitsFor(one, review, { trans })) {
        return <Mark kind="look">{trans.__('waits')}</Mark>;
      }
      if (findingsOf(one, review).length) {
        return <Mark kind="look">{trans.__('look')}</Mark>;
      }
      if (verdict && !HOLDS.has(verdict.verdict)) {
        return <Mark kind="bad">{verdictWord(verdict, trans)}</Mark>;
      }
      return (
        <Mark kind="ok">
          <span className="jp-Spark-unseen">{trans.__('its checks hold')}</span>
        </Mark>
      );
  }
}

function ChangeDetail(props: IChangesProps & { one: ReviewedChange }): React.JSX.Element {
  const { refactors, review, tools, one } = props;
  const { trans, announcer } = tools;
  const { change } = one;
  const group = review.groupOf(one).filter(other => other.isOpen).length;
  const index = change.operation === 'insert' ? -1 : review.indexOf(change.cell_id);
  const accept = (): void => {
    const { taken, held } = refactors.accept(one);
    announcer.say(
      held
        ? trans.__('Not accepted: a cell was changed meanwhile.')
        : trans._n('%1 cell accepted', '%1 cells accepted', taken)
    );
  };
  const findings = findingsOf(one, review);
  const waits = waitsFor(one, review, tools);
  return (
    <section aria-label={trans.__('The change of %1', cellName(trans, index))}>
      <h3>{`${cellName(trans, index)} · ${titleOf(one, review, trans)}`}</h3>
      <div className="jp-SparkRefactor-box">
        <div className="jp-SparkRefactor-boxHead">
          <Checks {...props} />
          <span className="jp-SparkRefactor-buttons">
            <button type="button" className="jp-Spark-quiet" onClick={() => tools.show(change.cell_id)}>
              {trans.__('Show in notebook')}
            </button>
            {one.isOpen && (
              <>
                <Act
                  label={trans.__('Reject')}
                  run={() => refactors.refuse(one)}
                  title={group > 1 ? together(trans, group) : undefined}
                />
                <Act
                  label={trans.__('Accept')}
                  run={accept}
                  disabled={one.state !== 'open' || waits !== '' || !refactors.notebook}
                  title={group > 1 ? together(trans, group) : undefined}
                />
              </>
            )}
          </span>
        </div>
        {findings.map(finding => (
          <p key={finding} className="jp-SparkRefactor-finding">
            <Mark kind="look">{finding}</Mark>
          </p>
        ))}
        {marksOf(one, review).map(why => (
          <p key={why} className="jp-SparkRefactor-finding">
            <Mark kind="look">{trans.__('The output may change (running it tells): %1', why)}</Mark>
          </p>
        ))}
        <ChangeBody {...props} />
        {change.words && <p className="jp-SparkRefactor-words">{change.words}</p>}
      </div>
    </section>
  );
}

/** The change itself, in the form that fits what it is. */
function ChangeBody(props: IChangesProps & { one: ReviewedChange }): React.JSX.Element {
  const { refactors, tools, one } = props;
  const { trans } = tools;
  const { change, suggestion } = one;
  const judge = {
    accept: (hunk: IHunk) => void refactors.acceptHunk(one, hunk),
    reject: (hunk: IHunk) => refactors.refuseHunk(one, hunk)
  };
  if (one.state === 'conflict') {
    return <Conflict {...props} />;
  }
  if (change.operation === 'move') {
    return <Code text={change.old_source} label={trans.__('The cell that moves')} />;
  }
  if (one.isOpen) {
    const canJudge = change.operation === 'edit' && refactors.notebook;
    return (
      <Diff
        suggestion={suggestion}
        tools={tools}
        label={trans.__('The change, by lines')}
        judge={canJudge ? judge : undefined}
      />
    );
  }
  const text = change.operation === 'delete' ? change.old_source : one.text;
  return <Code text={text} label={trans.__('The new text')} />;
}

function together(trans: IChangesProps['tools']['trans'], count: number): string {
  return trans.__('%1 changes belong together: they are accepted or rejected as one', count);
}

function Checks({ review, tools, one }: IChangesProps & { one: ReviewedChange }): React.JSX.Element {
  const { trans } = tools;
  const verdict = verdictOf(one.change.cell_id, review);
  return (
    <span className="jp-SparkRefactor-checks">
      {heldChecks(one, trans).map(word => (
        <Mark key={word} kind="ok">
          {word}
        </Mark>
      ))}
      {verdict && (
        <Mark kind={verdictKind(verdict)}>
          {verdict.verdict === 'same' ? trans.__('same output') : verdictWord(verdict, trans)}
        </Mark>
      )}
    </span>
  );
}

/** What stands in the cell now and what was proposed, where both changed the same lines. */
function Conflict({ refactors, tools, one }: IChangesProps & { one: ReviewedChange }): React.JSX.Element | null {
  const { trans } = tools;
  const { notebook } = refactors;
  if (!notebook) {
    return null;
  }
  const { mine, proposed } = one.both(notebook);
  const isDelete = one.change.operation === 'delete';
  return (
    <div className="jp-SparkRefactor-conflict">
      <p>{trans.__('You and the refactor changed the same lines. Nothing is overwritten: choose whose stay.')}</p>
      <div className="jp-Spark-both">
        <figure>
          <figcaption>{trans.__('In the cell now')}</figcaption>
          <Code text={mine} label={trans.__('In the cell now')} />
        </figure>
        <figure>
          <figcaption>{isDelete ? trans.__('Deleted') : trans.__('Proposed')}</figcaption>
          <Code text={proposed} label={trans.__('Proposed')} />
        </figure>
      </div>
      <div className="jp-SparkRefactor-bar">
        <Act label={trans.__('Keep mine')} run={() => refactors.settle(one, 'mine')} />
        <Act label={trans.__('Use the proposed lines')} run={() => refactors.settle(one, 'proposed')} />
      </div>
    </div>
  );
}

/** The checks of the notebook as a whole. */
function WholeChecks({ review, tools }: IChangesProps): React.JSX.Element | null {
  const { trans } = tools;
  if (!review.checks.length) {
    return null;
  }
  return (
    <section aria-label={trans.__('The notebook as a whole')}>
      <h3>{trans.__('The notebook as a whole')}</h3>
      {review.findings.length ? (
        <ul className="jp-SparkRefactor-findings">
          {review.findings.map((check, index) => (
            <li key={index}>
              <Mark kind="look">{check.message}</Mark>
            </li>
          ))}
        </ul>
      ) : (
        <p>
          <Mark kind="ok">{trans.__('every cell parses, no name is used before it is defined, nothing is lost')}</Mark>
        </p>
      )}
    </section>
  );
}
