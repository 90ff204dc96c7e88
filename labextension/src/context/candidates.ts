/** What `@` offers: cells, variables and files. */

import type { INotebookModel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { VariableSummary } from '../_wire';
import type { ICandidate } from './completion';
import { piece, variableLine } from './pieces';

const MAX_CELLS = 300;
const KEPT_MS = 10_000;

/** The notebook's code cells, by number or first line, and its headings. */
export function cellCandidates(model: INotebookModel, trans: TranslationBundle): ICandidate[] {
  const out: ICandidate[] = [];
  for (const cell of model.cells) {
    const source = cell.sharedModel.getSource().trim();
    if (!source || out.length >= MAX_CELLS) {
      continue;
    }
    const line = source.split('\n', 1)[0] as string;
    if (cell.type === 'code') {
      const count = (cell as { executionCount?: number | null }).executionCount;
      const label = count ? `In[${count}]` : line.slice(0, 40);
      out.push(candidate(label, line, piece('cell', cell.id, label, source.length)));
    } else if (/^#{1,6}\s/.test(line)) {
      const label = line.replace(/^#+\s+/, '');
      out.push(candidate(label, trans.__('heading'), piece('cell', cell.id, label, source.length)));
    }
  }
  return out;
}

export function variableCandidates(variables: readonly VariableSummary[]): ICandidate[] {
  return variables.map(variable => {
    const line = variableLine(variable);
    const one = piece('variable', variable.name, variable.name, line.length);
    return candidate(variable.name, line.slice(variable.name.length + 2), one);
  });
}

/** Files of a folder, kept for a while; hidden ones are never offered. */
export class FileCandidates {
  constructor(private readonly _contents: Pick<Contents.IManager, 'get'>) {}

  /** What fits a query: `data/no` looks into `data`. Folders are offered to go on with. */
  async find(query: string, home: string): Promise<ICandidate[]> {
    const slash = query.lastIndexOf('/');
    const folder = slash < 0 ? home : query.slice(0, slash);
    const entries = await this._list(folder);
    return entries
      .filter(entry => !entry.name.startsWith('.') && entry.type !== 'notebook')
      .map(entry => {
        if (entry.type === 'directory') {
          return { key: `folder:${entry.path}`, label: `${entry.path}/`, detail: '', insert: `@${entry.path}/` };
        }
        const size = typeof entry.size === 'number' ? entry.size : 0;
        return candidate(entry.path, sizeOf(size), piece('file', entry.path, entry.name, size));
      });
  }

  private async _list(folder: string): Promise<Contents.IModel[]> {
    const kept = this._kept.get(folder);
    if (kept && Date.now() - kept.at < KEPT_MS) {
      return kept.entries;
    }
    let entries: Contents.IModel[] = [];
    try {
      entries = ((await this._contents.get(folder)).content ?? []) as Contents.IModel[];
    } catch {
      // A folder that is not there has nothing to offer.
    }
    this._kept.set(folder, { at: Date.now(), entries });
    return entries;
  }

  private readonly _kept = new Map<string, { at: number; entries: Contents.IModel[] }>();
}

function candidate(label: string, detail: string, one: ICandidate['piece']): ICandidate {
  return { key: one?.key ?? label, label, detail, insert: label, piece: one };
}

function sizeOf(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(0)} kB`;
}
