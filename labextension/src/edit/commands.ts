/** The commands of edits in cells. */

import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { CellEdits } from './edits';
import type { IReviewOfAll } from '../tokens';
import type { Judging } from './judging';
import { currentHunk, stepTo } from './steps';
import type { ISpotNotebook, Spot, Spots } from './spot';

export type Commands = Record<string, CommandRegistry.ICommandOptions>;

const WORDS = {
  type: 'object',
  properties: { words: { type: 'string', description: 'What to change; it is written into the prompt.' } }
};

export interface IEditing {
  tracker: INotebookTracker;
  spots: Spots;
  judging: Judging;
  edits: CellEdits;
  trans: TranslationBundle;
  /** Called when a change was accepted by the command. */
  accepted: () => void;
}

export function editCommands(editing: IEditing): Commands {
  const { tracker, edits, trans } = editing;
  return {
    'rewrite-cell': {
      label: trans.__('Edit This Cell with Spark…'),
      caption: trans.__('Say above the cell what to change, and see the change arrive in it'),
      describedBy: { args: WORDS },
      isEnabled: () => tracker.activeCell !== null,
      execute: (args: ReadonlyPartialJSONObject) =>
        edits.prompt(typeof args.words === 'string' ? args.words : undefined)
    },
    ...judgingCommands(editing),
    ...walkingCommands(editing),
    ...wayCommands(editing)
  };
}

function isReady(spot: Spot | null): boolean {
  return spot?.suggestion?.state === 'ready';
}

function acceptCommand({ tracker, spots, judging, trans, accepted }: IEditing): CommandRegistry.ICommandOptions {
  const here = (): Spot | null => activeSpot(tracker, spots);
  return {
    label: trans.__('Accept the Change of This Cell'),
    caption: trans.__('Write the proposed change into the active cell, as one step to undo'),
    isEnabled: () => isReady(here()),
    execute: () =>
      withSpot(here(), spot => {
        judging.accept(spot, accepted); // what was accepted is to be read before it runs
      })
  };
}

function judgingCommands(editing: IEditing): Commands {
  const { tracker, spots, judging, edits, trans } = editing;
  const here = (): Spot | null => activeSpot(tracker, spots);
  const stands = (spot: Spot | null): boolean => !!spot?.taken && spot.taken.after === spot.cell?.getSource();
  const all = (): Spot[] => {
    const notebook = notebookOf(tracker);
    return notebook ? spots.of(notebook).filter(spot => spot.suggestion?.isOpen) : [];
  };
  const ready = (): Spot[] => all().filter(isReady);
  const review = (can: Can): IReviewOfAll | undefined => reviewOf(edits.reviews, can, all().length > 0);
  return {
    accept: acceptCommand(editing),
    reject: {
      label: trans.__('Reject the Change of This Cell'),
      caption: trans.__('Stop a change that still arrives; leave one that is whole'),
      isEnabled: () => {
        const spot = here();
        return spot?.suggestion?.isOpen === true || spot?.isAsking === true || !!spot?.word;
      },
      execute: () => withSpot(here(), spot => judging.reject(spot))
    },
    'accept-all': {
      label: trans.__('Accept All Changes of the Notebook'),
      caption: trans.__('Write every proposed change that is whole into its cell'),
      isEnabled: () => !!review('canAccept') || ready().length > 0,
      execute: () => {
        const whole = review('canAccept');
        if (whole) {
          whole.acceptAll();
        } else {
          judging.acceptAll(ready());
        }
      }
    },
    'reject-all': {
      label: trans.__('Reject All Changes of the Notebook'),
      caption: trans.__('Stop and leave every proposed change of the notebook'),
      isEnabled: () => !!review('canReject') || all().length > 0,
      execute: () => {
        const whole = review('canReject');
        if (whole) {
          whole.rejectAll();
        } else {
          judging.refuseAll(all());
        }
      }
    },
    undo: {
      label: trans.__('Take Back the Accepted Change of This Cell'),
      caption: trans.__('Give the active cell the text that it had before the change'),
      isEnabled: () => stands(here()),
      execute: () => withSpot(here(), spot => judging.undo(spot))
    }
  };
}

type Can = 'canAccept' | 'canReject';

/** The review that is meant: the one in front, or the notebook's if no cell of it has a proposal of its own. */
function reviewOf(reviews: readonly IReviewOfAll[], can: Can, hasOwn: boolean): IReviewOfAll | undefined {
  return reviews.find(one => one[can]() && (one.isInFront() || !hasOwn));
}

function walkingCommands({ tracker, spots, judging, trans }: IEditing): Commands {
  const here = (): Spot | null => activeSpot(tracker, spots);
  const isHereReady = (): boolean => isReady(here());
  const judge = (verb: 'acceptHunk' | 'rejectHunk' | 'revise') => (): void =>
    withSpot(here(), spot => {
      const hunk = currentHunk(spot);
      if (hunk) {
        judging[verb](spot, hunk);
      }
    });
  const command = (label: string, caption: string, execute: () => void): CommandRegistry.ICommandOptions => ({
    label,
    caption,
    isEnabled: isHereReady,
    execute
  });
  return {
    'next-change': command(
      trans.__('Next Change'),
      trans.__('Go to the next change of the proposal in the active cell'),
      () => withSpot(here(), spot => stepTo(spot, 1))
    ),
    'previous-change': command(
      trans.__('Previous Change'),
      trans.__('Go to the change before it in the active cell'),
      () => withSpot(here(), spot => stepTo(spot, -1))
    ),
    'accept-change': command(
      trans.__('Accept One Change'),
      trans.__('Take the change at the caret, and leave the others to be judged'),
      judge('acceptHunk')
    ),
    'reject-change': command(
      trans.__('Reject One Change'),
      trans.__('Leave the change at the caret out of the proposal'),
      judge('rejectHunk')
    ),
    'edit-change': command(
      trans.__('Edit the Proposed Change'),
      trans.__('Change what is proposed for the active cell before taking it'),
      judge('revise')
    )
  };
}

function wayCommands({ tracker, spots, judging, trans }: IEditing): Commands {
  const here = (): Spot | null => activeSpot(tracker, spots);
  const isHereReady = (): boolean => isReady(here());
  const hasWays = (): boolean => isHereReady() && (here()?.suggestion?.ways.length ?? 0) > 1;
  const walk = (by: number) => (): void => withSpot(here(), spot => judging.walk(spot, by));
  const command = (
    label: string,
    caption: string,
    execute: () => void,
    isEnabled = hasWays
  ): CommandRegistry.ICommandOptions => ({ label, caption, isEnabled, execute });
  return {
    alternatives: command(
      trans.__('Ask for Alternatives'),
      trans.__('Ask for the change in the active cell in several ways'),
      () => withSpot(here(), spot => judging.alternatives(spot)),
      isHereReady
    ),
    'next-alternative': command(
      trans.__('Next Alternative'),
      trans.__('Show the next way to do what was asked of the active cell'),
      walk(1)
    ),
    'previous-alternative': command(
      trans.__('Previous Alternative'),
      trans.__('Show the way before it to do what was asked of the active cell'),
      walk(-1)
    )
  };
}

/** The place of the active cell. */
export function activeSpot(tracker: INotebookTracker, spots: Spots): Spot | null {
  const notebook = notebookOf(tracker);
  const id = tracker.activeCell?.model.id;
  return notebook && id ? spots.find(notebook, id) : null;
}

function notebookOf(tracker: INotebookTracker): ISpotNotebook | null {
  const shared = tracker.currentWidget?.content.model?.sharedModel;
  return (shared as unknown as ISpotNotebook | undefined) ?? null;
}

function withSpot(spot: Spot | null, run: (spot: Spot) => void): void {
  if (spot) {
    run(spot);
  }
}
