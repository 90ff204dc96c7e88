/** A conversation as a notebook or as Markdown. */

import type { Conversation } from '../chat/conversation';
import type { Turn } from '../chat/turn';

const FENCE = /^(`{3,}|~{3,})([^\n]*)\n([\s\S]*?)\n?^\1[`~]*[ \t]*$/gm;
const CODE = new Set(['', 'python', 'py', 'python3', 'ipython']);

/** One document of Markdown: what was asked as a heading, then the answer as it came. */
export function toMarkdown(conversation: Conversation): string {
  const parts = [`# ${titleOf(conversation)}`, `*${conversation.notebook}*`];
  for (const turn of conversation.turns) {
    parts.push(`## ${heading(turn)}`);
    const rest = turn.instruction.trim().split('\n').slice(1).join('\n').trim();
    parts.push(...[rest, turn.text.trim(), ...codeOf(turn).map(code => fenced(code)), note(turn)].filter(Boolean));
  }
  return `${parts.join('\n\n')}\n`;
}

/** A notebook (nbformat 4.5): words in Markdown cells, Python in code cells, nothing run. */
export function toNotebook(conversation: Conversation, metadata: Record<string, unknown> = {}): unknown {
  const cells: unknown[] = [];
  let number = 0;
  const add = (kind: 'markdown' | 'code', source: string): void => {
    if (source.trim()) {
      const base = { id: `spark-${++number}`, cell_type: kind, metadata: {}, source: source.trim() };
      cells.push(kind === 'code' ? { ...base, execution_count: null, outputs: [] } : base);
    }
  };
  add('markdown', `# ${titleOf(conversation)}\n\n*${conversation.notebook}*`);
  for (const turn of conversation.turns) {
    add('markdown', `## ${turn.instruction.trim() || turn.kind}`);
    for (const { isCode, text } of splitCode(turn.text)) {
      add(isCode ? 'code' : 'markdown', text);
    }
    codeOf(turn).forEach(code => add('code', code));
    add('markdown', note(turn));
  }
  return { nbformat: 4, nbformat_minor: 5, metadata, cells };
}

/** The text cut into words and Python. Blocks of other languages stay in the words. */
export function splitCode(text: string): { isCode: boolean; text: string }[] {
  const out: { isCode: boolean; text: string }[] = [];
  let at = 0;
  for (const found of text.matchAll(FENCE)) {
    const language = (found[2] as string).trim().split(/\s/, 1)[0] as string;
    if (!CODE.has(language.toLowerCase())) {
      continue;
    }
    out.push({ isCode: false, text: text.slice(at, found.index) }, { isCode: true, text: found[3] as string });
    at = (found.index ?? 0) + found[0].length;
  }
  out.push({ isCode: false, text: text.slice(at) });
  return out.filter(part => part.text.trim());
}

/** A name that is not taken: `orders-chat.md`, `orders-chat-1.md`, … */
export function freeName(taken: ReadonlySet<string>, stem: string, extension: string): string {
  for (let number = 0; ; number++) {
    const name = `${stem}${number ? `-${number}` : ''}.${extension}`;
    if (!taken.has(name)) {
      return name;
    }
  }
}

/** The first words that were said. */
export function titleOf(conversation: Conversation): string {
  const first = conversation.turns[0];
  return first ? heading(first) : conversation.notebook;
}

function heading(turn: Turn): string {
  return (turn.instruction.trim().split('\n', 1)[0] as string) || turn.kind;
}

function codeOf(turn: Turn): string[] {
  return turn.proposals.slice(-1).map(proposal => proposal.edit.new_source);
}

function note(turn: Turn): string {
  const ends = { failed: turn.problem, interrupted: 'Interrupted.', stopped: 'Stopped.' };
  return turn.state in ends ? `*${ends[turn.state as keyof typeof ends]}*` : '';
}

function fenced(code: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(run => run[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}python\n${code}\n${fence}`;
}
