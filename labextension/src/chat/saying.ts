/** What the user said in the composer becomes a turn. */

import type { CommandRegistry } from '@lumino/commands';
import type { IFacts } from '../context/pieces';
import type { ISpark } from '../tokens';
import type { IAsking } from './store';
import { type ISaid, readSaid } from './slash';

const REFACTOR = 'jupyter-spark:refactor-notebook';

/** Whether `/refactor` can do something here. */
export function canRefactor(commands: CommandRegistry): boolean {
  return commands.hasCommand(REFACTOR);
}

/** Say it; return what is wrong if it cannot be said. */
export function say(spark: ISpark, commands: CommandRegistry, text: string): string {
  const { store, context, trans } = spark;
  if (!store.current) {
    return trans.__('No notebook is open. Open the one that this is about, and send it again.');
  }
  const said = readSaid(text);
  if (said.unknown) {
    return trans.__('There is no command /%1.', said.unknown);
  }
  if (store.current.running) {
    if (!said.words) {
      return trans.__('An answer is on its way. Stop it first, or say more to redirect it.');
    }
    const isTold = store.steer(store.current.running, said.words);
    return isTold ? '' : trans.__('The server is away: say it again in a moment.');
  }
  if (said.command === 'refactor') {
    if (!canRefactor(commands)) {
      return trans.__('/refactor comes with the refactor command, which is not installed here.');
    }
    void commands.execute(REFACTOR, { instruction: said.words });
    store.setDraft('');
    return '';
  }
  const extras = context.request(said.words);
  const asking = askingOf(said, context.facts);
  if (typeof asking === 'string') {
    return trans.__(asking);
  }
  store.send({ ...asking, tier: said.tier ?? store.tier, extras: { ...extras, ...asking.extras } });
  return '';
}

/** The turn that was asked for, or why there is none. */
export function askingOf(said: ISaid, facts: IFacts): IAsking | string {
  const { cell, error } = facts;
  const instruction = said.words;
  if (said.command === 'fix' && error) {
    // The cell that failed is meant, wherever the cursor is.
    const extras = { cell_id: error.cellId, error: error.report, error_cell_id: error.cellId };
    return { kind: 'fix', instruction, cellId: error.cellId, extras };
  }
  if (said.command === 'fix' || said.command === 'explain') {
    if (!cell?.source.trim()) {
      return 'There is no code to work on. Click into a cell that has some.';
    }
    return { kind: said.command, instruction, cellId: cell.id, extras: { cell_id: cell.id } };
  }
  if (!instruction) {
    return 'There are no words to go by.';
  }
  if (said.command === 'edit') {
    const kind = cell?.source.trim() ? 'rewrite' : 'generate';
    return { kind, instruction, cellId: cell?.id ?? null, extras: { cell_id: cell?.id ?? null } };
  }
  return { kind: 'ask', instruction };
}
