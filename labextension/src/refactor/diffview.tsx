/** A change by lines, in the colours of the notebook's language; each part can be taken or left. */

import * as React from 'react';
import type { IHighlighter, Token } from '../chat/highlight';
import { LineColours } from '../edit/colours';
import type { IHunk } from '../edit/linediff';
import type { Suggestion } from '../edit/suggestion';
import type { IRefactorTools } from './parts';
import { codeRows, type ICodeRow } from './rows';

export interface IDiffProps {
  readonly suggestion: Suggestion;
  readonly tools: IRefactorTools;
  readonly label: string;
  /** What can be done with one part; without it there are no buttons. */
  readonly judge?: { accept(hunk: IHunk): void; reject(hunk: IHunk): void };
}

type Make = () => IHighlighter;
const MARKS: Record<ICodeRow['kind'], string> = { same: ' ', old: '-', new: '+', gap: '⋯' };

export function Diff({ suggestion, tools, label, judge }: IDiffProps): React.JSX.Element {
  const { trans } = tools;
  const make = useHighlighter(tools);
  const painted = React.useMemo(
    () => (make ? { fresh: new LineColours(make), old: new LineColours(make) } : null),
    // A suggestion of its own has colours of its own.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [make, suggestion]
  );
  const fresh = painted?.fresh.of(suggestion.lines, suggestion.round);
  const old = painted?.old.of(suggestion.baseLines, suggestion.round);
  const hunks = suggestion.hunks();
  const rows = codeRows(suggestion);
  const firsts = new Map<number, number>();
  rows.forEach((row, index) => row.hunk >= 0 && !firsts.has(row.hunk) && firsts.set(row.hunk, index));
  return (
    <div className="jp-SparkRefactor-diff" role="region" aria-label={label} tabIndex={0}>
      <div>
        {rows.map((row, index) => (
          <div key={index} className={`jp-Spark-row jp-mod-${row.kind}`} data-mark={MARKS[row.kind]}>
            {judge && hunks.length > 1 && firsts.get(row.hunk) === index && (
              <HunkButtons
                place={trans.__('change %1 of %2', row.hunk + 1, hunks.length)}
                accept={() => judge.accept(hunks[row.hunk] as IHunk)}
                reject={() => judge.reject(hunks[row.hunk] as IHunk)}
                tools={tools}
              />
            )}
            <Line
              row={row}
              tokens={row.kind === 'old' ? old?.[row.line] : fresh?.[row.line]}
              gap={row.kind === 'gap' ? trans._n('%1 unchanged line', '%1 unchanged lines', Number(row.text)) : ''}
            />
          </div>
        ))}
      </div>
    </div>
  );
}

interface IHunkButtonsProps {
  readonly place: string;
  readonly accept: () => void;
  readonly reject: () => void;
  readonly tools: IRefactorTools;
}

function HunkButtons({ place, accept, reject, tools: { trans } }: IHunkButtonsProps): React.JSX.Element {
  return (
    <span className="jp-Spark-hunkButtons" role="group" aria-label={place}>
      <button type="button" aria-label={trans.__('Accept %1', place)} title={trans.__('Accept')} onClick={accept}>
        ✓
      </button>
      <button type="button" aria-label={trans.__('Reject %1', place)} title={trans.__('Reject')} onClick={reject}>
        ✗
      </button>
    </span>
  );
}

interface ILineProps {
  readonly row: ICodeRow;
  readonly tokens: readonly Token[] | undefined;
  readonly gap: string;
}

function Line({ row, tokens, gap }: ILineProps): React.JSX.Element {
  if (row.kind === 'gap') {
    return <>{gap}</>;
  }
  const text = <Coloured text={row.text || ' '} tokens={tokens ?? []} />;
  return row.kind === 'old' ? <del>{text}</del> : row.kind === 'new' ? <ins>{text}</ins> : text;
}

function Coloured({ text, tokens }: { text: string; tokens: readonly Token[] }): React.JSX.Element {
  const out: React.ReactNode[] = [];
  let at = 0;
  for (const [from, to, classes] of tokens) {
    out.push(text.slice(at, from));
    out.push(
      <span key={from} className={classes}>
        {text.slice(from, to)}
      </span>
    );
    at = to;
  }
  out.push(text.slice(at));
  return <>{out}</>;
}

/** What colours the notebook's code; null until it is loaded, and for a language without colours. */
export function useHighlighter(tools: IRefactorTools): Make | null {
  const [make, setMake] = React.useState<Make | null>(null);
  const mimeType = tools.mimeType();
  React.useEffect(() => {
    let isHere = true;
    void tools.colours(mimeType).then(found => isHere && setMake(() => found));
    return () => {
      isHere = false;
    };
  }, [tools, mimeType]);
  return make;
}

/** Code that stands as it is. */
export function Code({ text, label }: { text: string; label: string }): React.JSX.Element {
  return (
    <pre className="jp-SparkRefactor-code" aria-label={label} tabIndex={0}>
      {text}
    </pre>
  );
}
