/** Saves a conversation beside its notebook, under a name that is free. */

import { PathExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';
import type { Conversation } from '../chat/conversation';
import { freeName, toMarkdown, toNotebook } from './export';

export type ExportFormat = 'notebook' | 'markdown';

/** Save; return the new file's path. */
export async function saveConversation(
  contents: Contents.IManager,
  conversation: Conversation,
  format: ExportFormat,
  metadata: Record<string, unknown>
): Promise<string> {
  const folder = PathExt.dirname(conversation.notebook);
  const listed = ((await contents.get(folder)).content ?? []) as Contents.IModel[];
  const stem = `${PathExt.basename(conversation.notebook, PathExt.extname(conversation.notebook))}-chat`;
  const name = freeName(new Set(listed.map(entry => entry.name)), stem, format === 'notebook' ? 'ipynb' : 'md');
  const path = PathExt.join(folder, name);
  if (format === 'notebook') {
    await contents.save(path, { type: 'notebook', format: 'json', content: toNotebook(conversation, metadata) });
  } else {
    await contents.save(path, { type: 'file', format: 'text', content: toMarkdown(conversation) });
  }
  return path;
}
