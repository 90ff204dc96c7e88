/** The cells while they are written: how far each is, and the lines of one as they arrive. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Diff } from './diffview';
import { type IListRow, type IRefactorProps, List, Mark } from './parts';
import { needsModel } from './plan';
import { stepRow } from './planview';
import type { IStepState } from './progress';
import type { Review } from './review';

export function Writing(props: IRefactorProps & { review: Review }): React.JSX.Element {
  const { review, tools } = props;
  const { trans } = tools;
  const [chosen, setChosen] = React.useState('');
  const steps = review.plan?.steps.filter(step => step.accepted) ?? [];
  const rows: IListRow[] = steps.map(step => ({
    ...stepRow(step, review, trans),
    tick: undefined,
    mark: markOf(review.writing.steps.get(step.step_id), needsModel(step), trans)
  }));
  // Whoever chose nothing sees what arrives.
  const live = steps.find(step => isLive(review.writing.steps.get(step.step_id)));
  const selected = chosen || (live ? `step ${live.step_id}` : (rows[0]?.key ?? ''));
  const state = review.writing.steps.get(selected.replace('step ', ''));
  const row = rows.find(one => one.key === selected);
  return (
    <div className="jp-SparkRefactor-grid">
      <div className="jp-SparkRefactor-side">
        <h3>{trans.__('Steps')}</h3>
        <List label={trans.__('Steps')} rows={rows} selected={selected} onSelect={setChosen} />
      </div>
      <div className="jp-SparkRefactor-detail">
        {row && <h3>{`${row.place} · ${row.title}`}</h3>}
        {state?.done?.error && (
          <p className="jp-Spark-problem" role="alert">
            {state.done.error}
          </p>
        )}
        {state?.stream ? (
          <Diff suggestion={state.stream} tools={tools} label={trans.__('The change as it arrives')} />
        ) : (
          <p className="jp-SparkRefactor-note">{trans.__('Nothing has arrived yet.')}</p>
        )}
      </div>
    </div>
  );
}

function isLive(state: IStepState | undefined): boolean {
  return !!state?.stream && !state.done;
}

function markOf(state: IStepState | undefined, isWritten: boolean, trans: TranslationBundle): React.ReactNode {
  if (!isWritten) {
    return <Mark kind="ok">{trans.__('no model needed')}</Mark>;
  }
  if (state?.done) {
    if (state.done.error) {
      return <Mark kind="bad">{trans.__('failed')}</Mark>;
    }
    return <Mark kind="ok">{state.done.changes.length ? trans.__('written') : trans.__('nothing to change')}</Mark>;
  }
  return state?.stream ? <Mark kind="busy">{trans.__('writing')}</Mark> : <Mark kind="quiet">{trans.__('waits')}</Mark>;
}
