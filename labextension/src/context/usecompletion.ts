/** What fits what is being typed: at once what the page knows, a moment later what the server has to be asked for. */

import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import { canRefactor } from '../chat/saying';
import { SLASH_NAMES, type SlashName } from '../chat/slash';
import type { ISpark } from '../tokens';
import { cellCandidates, type FileCandidates, variableCandidates } from './candidates';
import { askedAt, fitting, type IAsked, type ICandidate } from './completion';

const PAUSE_MS = 150;

export interface ICompletion {
  asked: IAsked | null;
  candidates: readonly ICandidate[];
  chosen: number;
  choose: (index: number) => void;
  /** Offer nothing until something else is typed. */
  dismiss: () => void;
}

/** The completion of a text at its caret. */
export function useCompletion(
  spark: ISpark,
  files: FileCandidates,
  commands: CommandRegistry,
  text: string,
  caret: number
): ICompletion {
  const [dismissed, setDismissed] = React.useState('');
  const [chosen, choose] = React.useState(0);
  const [found, setFound] = React.useState<{ query: string; files: ICandidate[] }>({ query: '', files: [] });
  const spot = askedAt(text, caret);
  const asked = spot && dismissed !== key(spot, text) ? spot : null;
  const query = asked?.kind === 'piece' ? asked.query : null;
  const home = folderOf(spark.store.current?.notebook ?? '');

  React.useEffect(() => choose(0), [asked?.kind, asked?.query]);
  React.useEffect(() => {
    if (query === null) {
      return;
    }
    let isHere = true;
    const timer = window.setTimeout(() => {
      void files.find(query, home).then(list => isHere && setFound({ query, files: list }));
    }, PAUSE_MS);
    return () => {
      isHere = false;
      window.clearTimeout(timer);
    };
  }, [files, query, home]);

  const all = React.useMemo(() => {
    if (asked?.kind === 'command') {
      return commandCandidates(spark, commands);
    }
    const model = spark.context.panel?.context.model;
    return query === null || !model
      ? []
      : [...variableCandidates(spark.context.facts.variables), ...cellCandidates(model, spark.trans), ...found.files];
  }, [asked?.kind, query, found, spark, commands]);
  const candidates = asked ? fitting(all, asked.query) : [];
  return {
    asked: candidates.length ? asked : null,
    candidates,
    chosen: Math.min(chosen, Math.max(0, candidates.length - 1)),
    choose,
    dismiss: () => spot && setDismissed(key(spot, text))
  };
}

function commandCandidates(spark: ISpark, commands: CommandRegistry): ICandidate[] {
  const { trans } = spark;
  const about: Record<SlashName, string> = {
    explain: trans.__('the active cell'),
    fix: trans.__('the cell that failed'),
    edit: trans.__('change the active cell'),
    refactor: trans.__('change the whole notebook'),
    deep: trans.__('this turn on the deep tier')
  };
  return SLASH_NAMES.filter(name => name !== 'refactor' || canRefactor(commands)).map(name => ({
    key: name,
    label: `/${name}`,
    detail: about[name],
    insert: `/${name}`
  }));
}

function key(spot: IAsked, text: string): string {
  return `${spot.from}:${text}`;
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}
