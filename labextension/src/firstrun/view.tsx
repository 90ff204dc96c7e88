/** What an empty panel shows when nobody can answer yet: two ways to begin. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Setup } from './setup';

export interface IFirstRunProps {
  setup: Setup;
  trans: TranslationBundle;
}

export function FirstRun({ setup, trans }: IFirstRunProps): React.JSX.Element {
  const [asksKey, setAsksKey] = React.useState(false);
  const tier = setup.tier('spark');
  const size = megabytes(setup.status?.model_bytes ?? 0);
  return (
    <section className="jp-Spark-firstRun" aria-label={trans.__('First steps')}>
      <h2>{trans.__('Who shall answer?')}</h2>
      {!setup.takesModel && (
        <p>
          {tier?.problem} {tier?.hint}
        </p>
      )}
      {setup.progress ? (
        <Progress setup={setup} trans={trans} />
      ) : (
        <div className="jp-Spark-choices">
          {setup.takesModel && (
            <Choice
              label={trans.__('Use the built-in model (%1 MB)', size)}
              about={trans.__('Runs on this machine, needs no account. Small: good for short cells and questions.')}
              primary
              onClick={() => void setup.pullModel()}
            />
          )}
          <Choice
            label={trans.__('Use a key')}
            about={trans.__('A hosted model: faster and cleverer. Needs a key of its provider.')}
            expanded={asksKey}
            onClick={() => setAsksKey(!asksKey)}
          />
        </div>
      )}
      {setup.problem && (
        <p className="jp-Spark-problem" role="alert">
          {setup.problem}
        </p>
      )}
      {asksKey && !setup.progress && <KeyForm setup={setup} trans={trans} />}
    </section>
  );
}

/** Megabytes as everywhere in the product's words: of 1,000 KiB. */
function megabytes(bytes: number): number {
  return Math.floor(bytes / 1_024_000);
}

interface IChoiceProps {
  label: string;
  about: string;
  onClick: () => void;
  primary?: boolean;
  expanded?: boolean;
}

function Choice({ label, about, onClick, primary, expanded }: IChoiceProps): React.JSX.Element {
  const id = React.useId();
  return (
    <div className="jp-Spark-choice">
      <button
        className={`jp-Button jp-mod-styled ${primary ? 'jp-mod-accept' : ''}`}
        aria-describedby={id}
        aria-expanded={expanded}
        onClick={onClick}
      >
        {label}
      </button>
      <p id={id}>{about}</p>
    </div>
  );
}

function Progress({ setup, trans }: IFirstRunProps): React.JSX.Element {
  const { received_bytes: received, total_bytes: total } = setup.progress ?? { received_bytes: 0, total_bytes: 1 };
  const percent = Math.floor((100 * received) / Math.max(total, 1));
  return (
    <div className="jp-Spark-progress">
      <progress max={total} value={received} aria-label={trans.__('Download of the built-in model')} />
      <span>
        {received < total
          ? trans.__('%1 MB of %2 MB (%3 %)', megabytes(received), megabytes(total), percent)
          : trans.__('Checking the file')}
      </span>
    </div>
  );
}

function KeyForm({ setup, trans }: IFirstRunProps): React.JSX.Element {
  const names = setup.status?.key_names ?? [];
  const [name, setName] = React.useState(names[0] ?? '');
  const key = React.useRef<HTMLInputElement>(null);
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    const field = key.current;
    if (field) {
      const value = field.value;
      field.value = ''; // sent once, and kept nowhere in the page
      void setup.keepKey(name, value);
    }
  };
  return (
    <form className="jp-Spark-keyForm" onSubmit={submit} autoComplete="off">
      <p>
        {trans.__(
          'A key lives in the environment of the Jupyter server or in the system keyring; never in a notebook, never in the browser.'
        )}{' '}
        {trans.__('Set one of these variables and start the server again, or put the key into the keyring here:')}
      </p>
      <label>
        {trans.__('Key of')}{' '}
        <select className="jp-mod-styled" value={name} onChange={event => setName(event.target.value)}>
          {names.map(one => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <label>
        {trans.__('Key')} <input className="jp-mod-styled" type="password" ref={key} autoComplete="off" required />
      </label>
      <button className="jp-Button jp-mod-styled jp-mod-accept" type="submit">
        {trans.__('Keep in the keyring')}
      </button>
    </form>
  );
}
