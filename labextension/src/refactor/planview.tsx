/** The plan: looked at, changed, in parts dropped, before anything is written. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { PlanStep, RefactorPlan } from '../_wire';
import { Code } from './diffview';
import { Act, cellName, type IListRow, type IRefactorProps, List, Mark } from './parts';
import { isEditable, isName, withEdit, withInstruction, withRename, withStep, wordsOf } from './plan';
import type { Review } from './review';

export function PlanView(props: IRefactorProps & { review: Review; plan: RefactorPlan }): React.JSX.Element {
  const { review, plan, tools } = props;
  const { trans } = tools;
  const rows = planRows(plan, review, trans);
  const [chosen, setChosen] = React.useState('');
  const selected = rows.some(row => row.key === chosen) || chosen === ADDING ? chosen : (rows[0]?.key ?? '');
  const step = plan.steps.find(one => `step ${one.step_id}` === selected);
  const rename = review.renames.find(one => `rename ${one.old}` === selected);
  const onTick = (key: string, isTicked: boolean): void => {
    const [kind, name] = key.split(' ') as [string, string];
    if (kind === 'step') {
      review.setPlan(withStep(plan, name, { accepted: isTicked }));
    } else {
      // Renames that the user dropped stay in the list, to be taken up again.
      const isIn = new Set(plan.renames.map(one => one.old));
      const renames = review.renames.filter(one => (one.old === name ? isTicked : isIn.has(one.old)));
      review.setPlan({ ...plan, renames });
    }
  };
  return (
    <div className="jp-SparkRefactor-grid">
      <div className="jp-SparkRefactor-side">
        <h3>{trans.__('Plan')}</h3>
        <List label={trans.__('Plan')} rows={rows} selected={selected} onSelect={setChosen} onTick={onTick} />
        <Act label={trans.__('Add a step…')} run={() => setChosen(ADDING)} />
        {plan.notes.map(note => (
          <p key={note} className="jp-SparkRefactor-note">
            {note}
          </p>
        ))}
      </div>
      <div className="jp-SparkRefactor-detail">
        {step && <StepDetail key={step.step_id} {...props} step={step} />}
        {rename && !step && (
          <RenameDetail
            key={rename.old}
            {...props}
            old={rename.old}
            name={rename.new}
            onName={name => review.setPlan(withRename(plan, rename.old, name))}
          />
        )}
        {selected === ADDING && <NewStep {...props} onDone={stepId => setChosen(`step ${stepId}`)} />}
      </div>
    </div>
  );
}

const ADDING = 'adding';

function planRows(plan: RefactorPlan, review: Review, trans: TranslationBundle): IListRow[] {
  const isIn = new Set(plan.renames.map(one => one.old));
  const names: IListRow[] = review.renames.map(one => ({
    key: `rename ${one.old}`,
    place: trans.__('all cells'),
    title: `${one.old} → ${one.new}`,
    note: trans.__('renamed everywhere'),
    isOff: !isIn.has(one.old),
    tick: { label: trans.__('Rename %1 to %2', one.old, one.new), isTicked: isIn.has(one.old) }
  }));
  return names.concat(plan.steps.map(step => stepRow(step, review, trans)));
}

export function stepRow(step: PlanStep, review: Review, trans: TranslationBundle): IListRow {
  const place = placeOf(step, review, trans);
  const words = wordsOf(step).split('\n')[0] ?? '';
  const title = (step.kind === 'markdown' ? words.replace(/^#+\s*/, '') : words) || operationOf(step, review, trans);
  return {
    key: `step ${step.step_id}`,
    place,
    title,
    note: wordsOf(step) ? operationOf(step, review, trans) : undefined,
    isOff: !step.accepted,
    tick: { label: `${place}: ${title}`, isTicked: step.accepted }
  };
}

function placeOf(step: PlanStep, review: Review, trans: TranslationBundle): string {
  if (step.operation === 'merge') {
    return trans.__('cells %1', step.cells.map(cellId => review.indexOf(cellId)).join(', '));
  }
  return cellName(trans, step.operation === 'insert' ? -1 : review.indexOf(step.cell_id));
}

/** What a step does to its cell. */
export function operationOf(step: PlanStep, review: Review, trans: TranslationBundle): string {
  const below = step.below ? trans.__('below cell %1', review.indexOf(step.below)) : trans.__('to the top');
  const kind = step.kind === 'markdown' ? trans.__('new text cell') : trans.__('new cell');
  return {
    edit: trans.__('edit'),
    insert: `${kind}, ${below}`,
    delete: trans.__('delete this cell'),
    move: trans.__('move %1', below),
    merge: trans.__('merge into one cell'),
    split: trans.__('split into several cells')
  }[step.operation];
}

interface IStepProps extends IRefactorProps {
  readonly review: Review;
  readonly plan: RefactorPlan;
  readonly step: PlanStep;
}

function StepDetail({ refactors, tools, review, plan, step }: IStepProps): React.JSX.Element {
  const { trans } = tools;
  const [words, setWords] = React.useState(wordsOf(step));
  const cells = step.operation === 'merge' ? step.cells : step.operation === 'insert' ? [] : [step.cell_id];
  const sources = new Map(refactors.notebook?.cells.map(cell => [cell.id, cell.getSource()]));
  return (
    <>
      <h3>
        {placeOf(step, review, trans)} · {operationOf(step, review, trans)}
      </h3>
      {isEditable(step) ? (
        <textarea
          rows={Math.min(8, Math.max(2, words.split('\n').length))}
          value={words}
          aria-label={trans.__('What to do there')}
          onChange={event => {
            setWords(event.target.value);
            review.setPlan(withInstruction(plan, step.step_id, event.target.value));
          }}
          onBlur={() => setWords(wordsOf(step))}
        />
      ) : (
        <p className="jp-SparkRefactor-note">{trans.__('No model is needed for this.')}</p>
      )}
      {step.source !== null && !wordsOf(step) && <Code text={step.source} label={trans.__('The new text')} />}
      {cells.map(cellId => (
        <React.Fragment key={cellId}>
          <div className="jp-SparkRefactor-codeHead">
            <span>{trans.__('%1 now', cellName(trans, review.indexOf(cellId)))}</span>
            <button type="button" className="jp-Spark-quiet" onClick={() => tools.show(cellId)}>
              {trans.__('Show in notebook')}
            </button>
          </div>
          <Code text={sources.get(cellId) ?? ''} label={trans.__('The cell as it is now')} />
        </React.Fragment>
      ))}
    </>
  );
}

interface IRenameProps extends IRefactorProps {
  readonly old: string;
  readonly name: string;
  readonly onName: (name: string) => void;
}

function RenameDetail({ refactors, tools, old, name, onName }: IRenameProps): React.JSX.Element {
  const { trans } = tools;
  const [text, setText] = React.useState(name);
  const isGood = isName(text);
  const word = new RegExp(`(?<![\\p{L}\\p{N}_])${old}(?![\\p{L}\\p{N}_])`, 'u');
  const count = refactors.notebook?.cells.filter(cell => word.test(cell.getSource())).length ?? 0;
  return (
    <>
      <h3>{trans.__('Rename %1', old)}</h3>
      <label className="jp-SparkRefactor-field">
        {trans.__('New name')}
        <input
          type="text"
          value={text}
          aria-invalid={!isGood}
          onChange={event => {
            setText(event.target.value);
            if (isName(event.target.value)) {
              onName(event.target.value);
            }
          }}
        />
      </label>
      <p className="jp-SparkRefactor-note">
        {isGood
          ? trans._n('%1 cell names it.', '%1 cells name it.', count)
          : trans.__('A name has letters, digits and underscores, and does not begin with a digit.')}
      </p>
    </>
  );
}

interface INewStepProps extends IRefactorProps {
  readonly review: Review;
  readonly plan: RefactorPlan;
  readonly onDone: (stepId: string) => void;
}

function NewStep({ refactors, tools, review, plan, onDone }: INewStepProps): React.JSX.Element {
  const { trans } = tools;
  const cells = refactors.notebook?.cells.filter(cell => review.indexOf(cell.id) >= 0) ?? [];
  const [cellId, setCellId] = React.useState(cells[0]?.id ?? '');
  const [words, setWords] = React.useState('');
  const add = (): void => {
    const next = withEdit(plan, cellId, words.trim());
    review.setPlan(next);
    onDone(next.steps.find(step => step.cell_id === cellId && step.operation === 'edit')?.step_id ?? '');
  };
  return (
    <>
      <h3>{trans.__('One more step')}</h3>
      <label className="jp-SparkRefactor-field">
        {trans.__('Cell to edit')}
        <select value={cellId} onChange={event => setCellId(event.target.value)}>
          {cells.map(cell => (
            <option key={cell.id} value={cell.id}>
              {`${cellName(trans, review.indexOf(cell.id))}: ${cell.getSource().split('\n')[0]?.slice(0, 60)}`}
            </option>
          ))}
        </select>
      </label>
      <textarea
        rows={3}
        value={words}
        aria-label={trans.__('What to do there')}
        onChange={event => setWords(event.target.value)}
      />
      <div className="jp-SparkRefactor-bar">
        <Act label={trans.__('Add to the plan')} isMain run={add} disabled={!words.trim() || !cellId} />
      </div>
    </>
  );
}

/** The plan while it comes, in the model's own words. */
export function Planning({ review, tools }: IRefactorProps & { review: Review }): React.JSX.Element {
  const { trans } = tools;
  return (
    <div className="jp-SparkRefactor-planning">
      <Mark kind="busy">{trans.__('The notebook is read, and a plan is made…')}</Mark>
      {review.planWords && <Code text={review.planWords} label={trans.__('The plan as it comes')} />}
    </div>
  );
}
