/** An edit that was asked for in the chat: the change by lines, its checks, and what can be done with it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { CheckResult, Proposal } from '../_wire';
import { applyEdit, type FindNotebook, showCell, takeBack } from './cells';
import { DiffView, diffRows } from './diffrows';
import type { Turn } from './turn';

export interface IEditCardProps {
  turn: Turn;
  notebook: string;
  tools: IEditTools;
}

/** What a proposed edit is shown and taken with. */
export interface IEditTools {
  find: FindNotebook;
  copy: (text: string) => void;
  trans: TranslationBundle;
}

/** Where an edit stands; `held` means that its cell has changed, so that it was not taken. */
type Standing = 'open' | 'accepted' | 'rejected' | 'undone' | 'held';

export function EditCard(props: IEditCardProps): React.JSX.Element {
  const { turn } = props;
  const { trans } = props.tools;
  const host = React.useRef<HTMLDivElement>(null);

  React.useEffect(() => {
    const view = new DiffView(trans.__('The change, by lines'));
    host.current?.replaceChildren(view.element);
    let frame = 0;
    const draw = (): void => {
      frame = 0;
      const edit = turn.proposal?.edit;
      const [before, after] = edit
        ? [edit.operation === 'replace' ? edit.old_source : '', edit.new_source.split('\n')]
        : [turn.oldSource, turn.lines];
      const old = before ? before.split('\n') : [];
      view.show(diffRows(old, after, Boolean(edit), count => trans.__('%1 unchanged lines', count)));
    };
    const later = (): void => {
      frame = frame || requestAnimationFrame(draw);
    };
    const leave = turn.watch({ onStream: later, onRestart: later, onChange: later });
    draw();
    return () => {
      leave();
      cancelAnimationFrame(frame);
    };
  }, [turn, trans]);

  const proposal = turn.proposal;
  return (
    <section className="jp-Spark-card" aria-label={trans.__('Proposed change')}>
      <header className="jp-Spark-cardHead">
        <span>{turn.kind === 'generate' ? trans.__('New cell') : trans.__('Change of a cell')}</span>
        {proposal && <Verdict proposal={proposal} trans={trans} />}
      </header>
      <div ref={host} />
      {proposal && <Findings checks={proposal.checks} />}
      {proposal && <Judge {...props} proposal={proposal} />}
    </section>
  );
}

function Verdict({ proposal, trans }: { proposal: Proposal; trans: TranslationBundle }): React.JSX.Element {
  const holds = proposal.checks.every(check => check.ok);
  return (
    <span className={holds ? 'jp-Spark-holds' : 'jp-Spark-fails'}>
      {holds ? `✓ ${trans.__('checked')}` : `✗ ${trans.__('a check did not hold')}`}
      {proposal.repaired && ` · ${trans.__('repaired')}`}
    </span>
  );
}

function Findings({ checks }: { checks: readonly CheckResult[] }): React.JSX.Element | null {
  const findings = checks.filter(check => !check.ok);
  return findings.length ? (
    <ul className="jp-Spark-findings">
      {findings.map(check => (
        <li key={check.name}>{check.message}</li>
      ))}
    </ul>
  ) : null;
}

function Judge(props: IEditCardProps & { proposal: Proposal }): React.JSX.Element {
  const { proposal, notebook, tools, turn } = props;
  const { find, trans } = tools;
  const { edit } = proposal;
  const [standing, setStanding] = React.useState<Standing>('open');
  const [said, setSaid] = React.useState('');
  const [shows, setShows] = React.useState(false);
  const written = React.useRef('');
  const gone = trans.__('The cell is gone, or its notebook is closed.');
  const settle = (next: Standing, words: string): void => {
    setStanding(next);
    setSaid(words);
  };

  const accept = (): void => {
    const [how, cellId] = applyEdit(find(notebook), edit, { model: turn.model, tier: turn.tier, turn: turn.id });
    written.current = cellId;
    const words = {
      done: trans.__('Accepted'),
      changed: trans.__('The cell has changed since this was asked, so it was left alone.'),
      gone
    };
    settle(how === 'done' ? 'accepted' : how === 'changed' ? 'held' : 'open', words[how]);
  };
  const undo = (): void => {
    const how = takeBack(find(notebook), edit, written.current, turn.id);
    const words = {
      done: trans.__('Taken back'),
      changed: trans.__('The cell has changed since; nothing was taken back.'),
      gone
    };
    settle(how === 'done' ? 'undone' : 'accepted', words[how]);
  };
  const show = (): void => {
    if (!showCell(find(notebook), written.current || edit.cell_id)) {
      setSaid(gone);
    }
  };
  const copy = (): void => {
    tools.copy(edit.new_source);
    setSaid(trans.__('Copied'));
  };
  const isOpen = standing === 'open' || standing === 'undone' || standing === 'held';
  return (
    <footer className="jp-Spark-judge">
      {isOpen && <Act label={trans.__('Accept')} isMain run={accept} />}
      {isOpen && standing !== 'undone' && (
        <Act label={trans.__('Reject')} run={() => settle('rejected', trans.__('Rejected'))} />
      )}
      {standing === 'accepted' && <Act label={trans.__('Undo')} run={undo} />}
      {standing === 'held' && <Act label={trans.__('Show both')} run={() => setShows(!shows)} />}
      <Act label={trans.__('Show in cell')} run={show} />
      <Act label={trans.__('Copy')} run={copy} />
      <span className="jp-Spark-said" role="status">
        {said}
      </span>
      {standing === 'held' && shows && <Both {...props} />}
    </footer>
  );
}

/** What the cell holds now beside what was proposed, for a cell that has changed meanwhile. */
function Both({ proposal, notebook, tools }: IEditCardProps & { proposal: Proposal }): React.JSX.Element {
  const { find, trans } = tools;
  const now = find(notebook)?.cells.find(cell => cell.id === proposal.edit.cell_id);
  const sides: [string, string][] = [
    [trans.__('In the cell now'), now?.getSource() ?? ''],
    [trans.__('Proposed'), proposal.edit.new_source]
  ];
  return (
    <div className="jp-Spark-both">
      {sides.map(([label, source]) => (
        <figure key={label}>
          <figcaption>{label}</figcaption>
          <pre tabIndex={0}>{source}</pre>
        </figure>
      ))}
    </div>
  );
}

function Act({ label, run, isMain }: { label: string; run: () => void; isMain?: boolean }): React.JSX.Element {
  return (
    <button type="button" className={`jp-Spark-act${isMain ? ' jp-mod-main' : ''}`} onClick={run}>
      {label}
    </button>
  );
}
