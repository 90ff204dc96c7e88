/** What can be done with a proposed edit: take it, refuse it, take it back, look at its cell. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Proposal } from '../_wire';
import type { IWriter } from '../edit/provenance';
import { applyEdit, type FindNotebook, showCell, takeBack, type Written } from './cells';
import type { Turn } from './turn';
import type { Standing, Verdicts } from './verdicts';

/** What a proposed edit is shown and taken with. */
export interface IEditTools {
  find: FindNotebook;
  copy: (text: string) => void;
  verdicts: Verdicts;
  trans: TranslationBundle;
}

export interface IJudgeProps {
  turn: Turn;
  proposal: Proposal;
  notebook: string;
  tools: IEditTools;
}

export function Judge(props: IJudgeProps): React.JSX.Element {
  const { turn, proposal, notebook, tools } = props;
  const { find, trans, verdicts } = tools;
  const { edit } = proposal;
  const { standing, cellId } = useVerdict(verdicts, proposal.proposal_id);
  const [problem, setProblem] = React.useState('');
  const [shows, setShows] = React.useState(false);
  const gone = trans.__('The cell is gone, or its notebook is closed.');

  const accept = (): void => {
    const way = makeRoom(turn, proposal, notebook, tools);
    const [how, written] = way === 'done' ? applyEdit(find(notebook), edit, writerOf(turn, proposal)) : [way, ''];
    setProblem(how === 'gone' ? gone : '');
    if (how === 'done') {
      verdicts.taken(judged(proposal, notebook, written, old(proposal), edit.new_source));
    } else if (how === 'changed') {
      verdicts.held(proposal.proposal_id);
    }
  };
  const reject = (): void => {
    const now = find(notebook)?.cells.find(cell => cell.id === edit.cell_id);
    const text = now?.getSource() ?? edit.old_source;
    verdicts.refused(judged(proposal, notebook, edit.cell_id, text, text));
  };
  const undo = (): void => {
    const how = takeOut(proposal, notebook, tools);
    const changed = trans.__('The cell has changed since; nothing was taken back.');
    setProblem({ done: '', changed, gone }[how]);
  };
  const show = (): void => setProblem(showCell(find(notebook), cellId || edit.cell_id) ? '' : gone);
  const copy = (): void => {
    tools.copy(edit.new_source);
    setProblem(trans.__('Copied'));
  };
  const footer = useKeyboardStays(standing);
  const isOpen = standing === 'open' || standing === 'undone' || standing === 'held';
  return (
    <footer className="jp-Spark-judge" ref={footer}>
      {isOpen && <Act label={trans.__('Accept')} isMain run={accept} />}
      {isOpen && standing !== 'undone' && <Act label={trans.__('Reject')} run={reject} />}
      {standing === 'accepted' && <Act label={trans.__('Undo')} run={undo} />}
      {standing === 'held' && <Act label={trans.__('Show both')} run={() => setShows(!shows)} />}
      <Act label={trans.__('Show in cell')} run={show} />
      <Act label={trans.__('Copy')} run={copy} />
      <span className="jp-Spark-said" role="status">
        {problem || wordOf(standing, trans)}
      </span>
      {standing === 'held' && shows && <Both {...props} />}
    </footer>
  );
}

/** A button goes when it has done its work; the keyboard stays with the first of those that are left. */
function useKeyboardStays(standing: Standing): React.RefObject<HTMLElement> {
  const footer = React.useRef<HTMLElement>(null);
  const wasHere = footer.current?.contains(document.activeElement) ?? false;
  React.useLayoutEffect(() => {
    if (wasHere && !footer.current?.contains(document.activeElement)) {
      footer.current?.querySelector('button')?.focus();
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- where the keyboard was before this standing is drawn
  }, [standing]);
  return footer;
}

/** What is said of where an edit stands. */
export function wordOf(standing: Standing, trans: TranslationBundle): string {
  return {
    open: '',
    accepted: trans.__('Accepted'),
    rejected: trans.__('Rejected'),
    undone: trans.__('Taken back'),
    held: trans.__('The cell has changed since this was asked, so it was left alone.')
  }[standing];
}

/** Another of the same alternatives gives way, if it was taken and still stands as it was. */
function makeRoom(turn: Turn, proposal: Proposal, notebook: string, tools: IEditTools): Written {
  const rivals = [...(turn.ways?.turns ?? [turn]).map(one => one.proposal), turn.second?.proposal];
  const taken = rivals.find(
    one => one && one !== proposal && tools.verdicts.of(one.proposal_id).standing === 'accepted'
  );
  return taken ? takeOut(taken, notebook, tools) : 'done';
}

function takeOut(proposal: Proposal, notebook: string, { find, verdicts }: IEditTools): Written {
  const { cellId } = verdicts.of(proposal.proposal_id);
  const how = takeBack(find(notebook), proposal.edit, cellId, proposal.turn_id);
  if (how === 'done') {
    verdicts.takenBack(judged(proposal, notebook, cellId, proposal.edit.new_source, old(proposal)));
  }
  return how;
}

/** Who wrote a proposal: of alternatives, the one whose turn it is. */
function writerOf(turn: Turn, proposal: Proposal): IWriter {
  const own = turn.ways?.turns.find(one => one.id === proposal.turn_id) ?? turn;
  return { model: own.model, tier: own.tier, turn: proposal.turn_id };
}

/** What the edit's cell holds before it: of a new cell, nothing. */
function old({ edit }: Proposal): string {
  return edit.operation === 'replace' ? edit.old_source : '';
}

function judged(
  proposal: Proposal,
  notebook: string,
  cellId: string,
  before: string,
  after: string
): Parameters<Verdicts['taken']>[0] {
  const { turn_id, proposal_id, edit } = proposal;
  return { turn_id, proposal_id, notebook, cell_id: cellId, operation: edit.operation, before, after };
}

/** Where an edit stands; drawn again when that changes. */
export function useVerdict(verdicts: Verdicts, proposalId: string): ReturnType<Verdicts['of']> {
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => verdicts.watch(redraw), [verdicts]);
  return verdicts.of(proposalId);
}

/** What the cell holds now beside what was proposed, for a cell that has changed meanwhile. */
function Both({ proposal, notebook, tools }: IJudgeProps): React.JSX.Element {
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
