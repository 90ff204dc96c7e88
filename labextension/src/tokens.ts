/** What the chat's plugins share. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';
import type * as React from 'react';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TurnChannel } from './channel/turns';
import type { ReviewAnswered, ReviewAsked, TurnRequested } from './_wire';
import type { ChatStore } from './chat/store';
import type { Turn } from './chat/turn';
import type { Completions } from './complete/completions';
import type { IScope } from './edit/scope';
import type { Verdicts } from './chat/verdicts';
import type { Suggestion } from './edit/suggestion';
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
  /** Send the server what the user changed in a notebook a moment ago. */
  readonly pushNotebook: (path: string) => void;
  /** What an empty panel shows instead of its greeting; null for the greeting. */
  emptyView: () => React.JSX.Element | null;
}

export const ISpark = new Token<ISpark>('jupyter-spark-ai:ISpark', 'The conversations of Spark and their connection.');

/** The chat's panel. */
export interface ISparkChat {
  /** Whether the panel is to be seen. */
  readonly isShown: boolean;
  /** Show the panel and put the caret into its composer, with these words in it if any are given. */
  ask(words?: string): void;
  /** Show the panel, or hide it. */
  toggle(): void;
}

export const ISparkChat = new Token<ISparkChat>('jupyter-spark-ai:ISparkChat', 'The sidebar chat of Spark.');

/** Edits that are shown in cells. */
export interface ISparkEdits {
  /** Open the prompt above the active cell, about all cells that are selected. */
  prompt(words?: string): void;
  /** Ask for an edit of a cell; its lines arrive in the cell. False if the cell cannot be edited. */
  ask(panel: NotebookPanel, cellId: string, asking: IEditAsking): boolean;
  /** Show in a cell what a turn that was asked for before (`ChatStore.askAside`) proposes. False as with `ask`. */
  adopt(panel: NotebookPanel, cellId: string, turn: Turn, asking: IEditAsking): boolean;
  /** The edit that is shown in a cell and not judged yet. */
  shown(panel: NotebookPanel, cellId: string): Suggestion | null;
  /**
   * Show an edit in a cell that somebody else makes: feed it with `append`, `ready`, `fail`. Null if there never was such
   * a cell; one that was deleted shows the edit when the deletion is undone.
   *
   * @param base - the text that it is made from; what the cell holds now if it is not given
   * @param maker - where its turn runs if that is not the server; the suggestion is fed from its turn then
   */
  open(panel: NotebookPanel, cellId: string, base?: string, maker?: IEditMaker): Suggestion | null;
  /** The commands that accept or reject all are about this review, too. */
  addReview(review: IReviewOfAll): void;
}

/** Changes of a whole notebook that are judged together. */
export interface IReviewOfAll {
  /** Whether it is what the user looks at. */
  isInFront(): boolean;
  canAccept(): boolean;
  canReject(): boolean;
  acceptAll(): void;
  rejectAll(): void;
}

/** A turn that runs elsewhere than in the server: what the user does with it, and with its edit, goes there. */
export interface IEditMaker {
  readonly turn: Turn;
  readonly verdicts: Pick<Verdicts, 'taken' | 'takenBack' | 'refused'>;
  /** The notebook's path now. */
  notebook(): string;
  stop(): void;
  say(words: string): void;
  retry(): void;
}

/** What is asked of a cell. */
export interface IEditAsking {
  kind?: 'rewrite' | 'fix' | 'generate';
  instruction: string;
  extras?: Partial<TurnRequested>;
  /** Called when the user wants none of it. */
  onRefused?: () => void;
  /** The lines of the cell that it is about; the whole cell if they are not given. */
  scope?: IScope | null;
}

export const ISparkEdits = new Token<ISparkEdits>('jupyter-spark-ai:ISparkEdits', 'Edits that are shown in cells.');

/** The review tabs of notebooks. */
export interface ISparkRefactors {
  /** Do what a running cell of a notebook asks for. */
  answer(panel: NotebookPanel, asked: ReviewAsked): Promise<IReviewAnswer>;
}

/** What is said of it below the cell, or why it could not be done. */
export type IReviewAnswer = Pick<ReviewAnswered, 'said' | 'problem' | 'hint'>;

export const ISparkRefactors = new Token<ISparkRefactors>(
  'jupyter-spark-ai:ISparkRefactors',
  'The review tabs of notebook-wide refactors.'
);
