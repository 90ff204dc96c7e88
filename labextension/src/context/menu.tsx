/** The completion list of the composer. The caret stays in the text; the list is steered by its keys. */

import * as React from 'react';
import type { ICandidate } from './completion';

export interface IMenuProps {
  id: string;
  label: string;
  candidates: readonly ICandidate[];
  chosen: number;
  onPick: (candidate: ICandidate) => void;
}

export function optionId(menu: string, index: number): string {
  return `${menu}-${index}`;
}

export function Menu({ id, label, candidates, chosen, onPick }: IMenuProps): React.JSX.Element {
  const list = React.useRef<HTMLUListElement>(null);
  React.useEffect(() => {
    list.current?.children[chosen]?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  return (
    <ul className="jp-Spark-menu" role="listbox" id={id} aria-label={label} ref={list}>
      {candidates.map((candidate, index) => (
        <li
          key={candidate.key}
          id={optionId(id, index)}
          role="option"
          aria-selected={index === chosen}
          // Before the text loses the caret.
          onMouseDown={event => {
            event.preventDefault();
            onPick(candidate);
          }}
        >
          <span>{candidate.label}</span> <small>{candidate.detail}</small>
        </li>
      ))}
    </ul>
  );
}
