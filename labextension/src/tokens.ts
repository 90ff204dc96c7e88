/** What the chat's plugins share. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';
import type * as React from 'react';
import type { TurnChannel } from './channel/turns';
import type { ChatStore } from './chat/store';
import type { Completions } from './complete/completions';
import type { NotebookContext } from './context/notebook';
import type { Setup } from './firstrun/setup';
import type { SparkRest } from './rest';
import type { SparkOptions } from './settings/options';
import type { Activity } from './status/activity';

/** The engine's side of the page: one connection, the conversations, what is known of the notebook in front. */
export interface ISpark {
  readonly channel: TurnChannel;
  readonly store: ChatStore;
  readonly context: NotebookContext;
  readonly setup: Setup;
  readonly options: SparkOptions;
  readonly completions: Completions;
  readonly activity: Activity;
  readonly rest: SparkRest;
  readonly trans: TranslationBundle;
  /** What an empty panel shows instead of its greeting; null for the greeting. */
  emptyView: () => React.JSX.Element | null;
}

export const ISpark = new Token<ISpark>('jupyter-spark-ai:ISpark', 'The conversations of Spark and their connection.');

/** The chat's panel. */
export interface ISparkChat {
  /** Show the panel and put the caret into its composer, with these words in it if any are given. */
  ask(words?: string): void;
  /** Show the panel, or hide it. */
  toggle(): void;
}

export const ISparkChat = new Token<ISparkChat>('jupyter-spark-ai:ISparkChat', 'The sidebar chat of Spark.');
