/** An edit that was asked for in the chat: the change by lines, its checks, and what can be done with it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { CheckResult, Proposal } from '../_wire';
import { DiffView, diffRows } from './diffrows';
import { type IEditTools, Judge } from './judge';
import type { ISecondOpinion, Turn } from './turn';

export interface IEditCardProps {
  turn: Turn;
  notebook: string;
  tools: IEditTools;
}

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
  const second = turn.second;
  return (
    <section className="jp-Spark-card" aria-label={trans.__('Proposed change')}>
      <header className="jp-Spark-cardHead">
        <span>{turn.kind === 'generate' ? trans.__('New cell') : trans.__('Change of a cell')}</span>
        {proposal && <Verdict proposal={proposal} trans={trans} />}
      </header>
      <div ref={host} />
      {proposal && <Findings checks={proposal.checks} />}
      {proposal && <Judge {...props} proposal={proposal} />}
      {second && <SecondOpinion {...props} second={second} />}
    </section>
  );
}

/** Another edit that holds: one line, and its change on demand. */
function SecondOpinion(props: IEditCardProps & { second: ISecondOpinion }): React.JSX.Element {
  const { second, tools } = props;
  const { trans } = tools;
  const { proposal } = second;
  const { edit } = proposal;
  const host = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const view = new DiffView(trans.__('The second opinion, by lines'));
    host.current?.replaceChildren(view.element);
    const old = edit.operation === 'replace' && edit.old_source ? edit.old_source.split('\n') : [];
    view.show(diffRows(old, edit.new_source.split('\n'), true, count => trans.__('%1 unchanged lines', count)));
  }, [edit, trans]);
  return (
    <details className="jp-Spark-second">
      <summary>{trans.__('A second opinion: %1 would do it otherwise', second.model || second.tier)}</summary>
      <div ref={host} />
      <Judge {...props} proposal={proposal} />
    </details>
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
