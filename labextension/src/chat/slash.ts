/** Slash commands: what they ask, and how a turn of before is written again. */

import type { Tier, Turn, TurnKind } from './turn';

export type SlashName = 'explain' | 'fix' | 'edit' | 'refactor' | 'deep';
export const SLASH_NAMES: readonly SlashName[] = ['explain', 'fix', 'edit', 'refactor', 'deep'];

/** What the composer's text asks. */
export interface ISaid {
  command: Exclude<SlashName, 'deep'> | null;
  words: string;
  tier: Tier | null;
  /** A command that is none, e.g. `/foo`. */
  unknown: string | null;
}

/** Read the composer's text. `/deep` may stand before another command. */
export function readSaid(text: string): ISaid {
  const said: ISaid = { command: null, words: text.trim(), tier: null, unknown: null };
  for (;;) {
    const found = /^\/([a-z]+)(?:\s+|$)/.exec(said.words);
    if (!found) {
      return said;
    }
    const name = found[1] as SlashName;
    if (!SLASH_NAMES.includes(name)) {
      return { ...said, unknown: name };
    }
    said.words = said.words.slice(found[0].length);
    if (name !== 'deep') {
      said.command = name;
      return said;
    }
    said.tier = 'deep';
  }
}

const WRITTEN: Partial<Record<TurnKind, string>> = {
  explain: '/explain ',
  fix: '/fix ',
  rewrite: '/edit ',
  generate: '/edit '
};

/** A turn's words as the user may have typed them. */
export function asTyped(turn: Turn): string {
  return (WRITTEN[turn.kind] ?? '') + turn.instruction;
}
