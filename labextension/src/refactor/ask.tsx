/** What is to change in the whole notebook, and the refactors that stand in it. */

import * as React from 'react';
import { type IRefactorProps, Act, VerifySwitch } from './parts';
import type { IStanding } from './standing';

export function Ask(props: IRefactorProps & { draft: string }): React.JSX.Element {
  const { refactors, tools } = props;
  const { trans } = tools;
  const [words, setWords] = React.useState(props.draft);
  const field = React.useRef<HTMLTextAreaElement>(null);
  React.useEffect(() => setWords(props.draft), [props.draft]);
  React.useEffect(() => field.current?.focus(), []);
  const send = (): void => {
    if (words.trim()) {
      refactors.start(words.trim());
    }
  };
  return (
    <div className="jp-SparkRefactor-ask">
      <h2>{trans.__('Refactor the whole notebook')}</h2>
      <p className="jp-SparkRefactor-sub">
        {trans.__('%1 · you see a plan first; nothing is written before you accept it', refactors.path)}
      </p>
      <textarea
        ref={field}
        rows={3}
        value={words}
        disabled={!tools.isOpen()}
        aria-label={trans.__('What should change in the whole notebook?')}
        placeholder={trans.__('What should change in the whole notebook?')}
        onChange={event => setWords(event.target.value)}
        onKeyDown={event => {
          if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
            event.preventDefault();
            send();
          }
        }}
      />
      <Examples
        {...props}
        onChosen={example => {
          setWords(example);
          field.current?.focus();
        }}
      />
      <div className="jp-SparkRefactor-bar">
        <VerifySwitch {...props} />
        <span className="jp-Spark-space" />
        <Act label={trans.__('Make a plan')} isMain run={send} disabled={!words.trim() || !tools.isOpen()} />
      </div>
      <StandingList {...props} />
    </div>
  );
}

function Examples({ tools, onChosen }: IRefactorProps & { onChosen: (words: string) => void }): React.JSX.Element {
  const { trans } = tools;
  const examples = [
    trans.__('Turn this into functions'),
    trans.__('Make it run top to bottom'),
    trans.__('Use pathlib everywhere'),
    trans.__('Add type hints and docstrings')
  ];
  return (
    <div className="jp-SparkRefactor-examples">
      {examples.map(example => (
        <button key={example} type="button" className="jp-Spark-scope" onClick={() => onChosen(example)}>
          {example}
        </button>
      ))}
    </div>
  );
}

/** The refactors that can be taken back. */
export function StandingList(props: IRefactorProps & { without?: string }): React.JSX.Element | null {
  const { refactors, tools, without } = props;
  const { trans } = tools;
  const rows = refactors.standing.filter(one => one.id !== without);
  if (!rows.length) {
    return null;
  }
  return (
    <section className="jp-SparkRefactor-standing" aria-label={trans.__('In the notebook now')}>
      <h3>{trans.__('In the notebook now')}</h3>
      <ul>
        {rows.map(one => (
          <li key={one.id}>
            <span className="jp-SparkRefactor-what">
              {one.applied.instruction}
              <small>
                {new Date(one.at).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })}
                {' · '}
                {trans._n('%1 cell', '%1 cells', cellsOf(one))}
              </small>
            </span>
            <UndoButtons {...props} standing={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** "Undo refactor", and what to do with what could not be taken back. */
export function UndoButtons(props: IRefactorProps & { standing: IStanding }): React.JSX.Element {
  const { refactors, tools, standing } = props;
  const { trans, announcer } = tools;
  const undo = (force: boolean): void => {
    const isWhole = refactors.undo(standing.id, force);
    announcer.say(
      isWhole
        ? trans.__('The refactor is taken back.')
        : trans.__('Some cells were changed since in the same lines; they were left as they are.')
    );
  };
  if (!standing.left.length) {
    return <Act label={trans.__('Undo refactor')} run={() => undo(false)} disabled={!refactors.notebook} />;
  }
  const cells = new Set(standing.left.map(one => one.act.cell_id)).size;
  return (
    <span className="jp-SparkRefactor-left">
      <span role="status">
        {trans._n('%1 cell was left: you changed it since.', '%1 cells were left: you changed them since.', cells)}
      </span>
      <Act label={trans.__('Show')} run={() => standing.left[0] && tools.show(standing.left[0].act.cell_id)} />
      <Act label={trans.__('Undo these too')} run={() => undo(true)} />
      <Act label={trans.__('Keep them')} run={() => refactors.keepLeft(standing.id)} />
    </span>
  );
}

export function cellsOf(standing: IStanding): number {
  return new Set(standing.applied.cells.map(act => act.cell_id)).size;
}
