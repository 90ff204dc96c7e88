/** Spark among Lab's inline completers: ghost text that streams, free of Lab but for its types. */

import type {
  CompletionHandler,
  IInlineCompletionContext,
  IInlineCompletionItem,
  IInlineCompletionList,
  IInlineCompletionProvider
} from '@jupyterlab/completer';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { Tier } from '../chat/turn';
import { type CompletionMode, type ICaret, type ISurroundings, isWorthAsking } from './caret';
import type { Completion } from './completion';
import type { Completions } from './completions';

/** What is known of the place that Lab asks about; Lab's own editors in `labplaces.ts`. */
export interface IPlace {
  /** Where the caret is now; null once the editor is gone. */
  caret(): ICaret | null;
  surroundings(): ISurroundings;
  /** Whether the caret still is where Lab asked: its text, and its offset as Lab counts. */
  isAt(request: CompletionHandler.IRequest): boolean;
  /** Calls back whenever text or caret move, or the editor loses the focus, until the function returned is called. */
  watch(moved: (hasFocus: boolean) => void): () => void;
}

export interface IProviderOptions {
  completions: Completions;
  placeOf(context: IInlineCompletionContext): IPlace | null;
  mode(): CompletionMode;
  tier(): Tier;
  /** Tell the user why there is nothing, where that was asked for outright. */
  tell(problem: string): void;
  /** The same where the user looks, in passing: there is nothing, for this reason or without one. */
  note(problem: string): void;
  name: string;
  icon?: LabIcon;
}

const NOTHING: IInlineCompletionList = { items: [] };
const INVOKED = 0; // InlineCompletionTriggerKind.Invoke: an enum of Lab's would have to be loaded
/** How long the user must rest before anything is asked unasked. */
const DEBOUNCE_MS = 300;
/** Lab's own bound on the first text; the server's deadlines are shorter for all but a slow local model. */
const TIMEOUT_MS = 120_000;

export class SparkInlineProvider implements IInlineCompletionProvider {
  constructor(private readonly _options: IProviderOptions) {
    this.name = _options.name;
    this.icon = _options.icon;
  }

  readonly identifier = 'jupyter-spark';
  readonly name: string;
  readonly icon?: LabIcon;
  readonly schema = {
    type: 'object' as const,
    properties: {},
    default: { enabled: true, autoFillInMiddle: true, debouncerDelay: DEBOUNCE_MS, timeout: TIMEOUT_MS }
  };

  async fetch(request: CompletionHandler.IRequest, context: IInlineCompletionContext): Promise<IInlineCompletionList> {
    const options = this._options;
    const { completions } = options;
    const mode = options.mode();
    const invoked = (context.triggerKind as number) === INVOKED;
    const place = mode === 'off' ? null : options.placeOf(context);
    const caret = place?.caret();
    if (!place || !caret || !place.isAt(request)) {
      return NOTHING;
    }
    const running = completions.current;
    // Whoever types what is shown has it already: nothing is asked anew.
    const goesOn = running?.rest(caret) && !(invoked && running.ended) ? running : null;
    if (!goesOn && !isWorthAsking(caret, place.surroundings(), mode, !invoked)) {
      return NOTHING;
    }
    const completion = goesOn ?? this._ask(caret, place);
    while (!completion.rest(place.caret()) && !completion.ended) {
      await completion.changed();
    }
    const rest = completion.rest(place.caret());
    if (completion.problem && invoked) {
      options.tell(completion.problem);
    }
    if (invoked && completion.ended && rest === '') {
      options.note(completion.problem);
    }
    if (!rest || completion !== completions.current) {
      return NOTHING;
    }
    this._shown.set(completion.id, { completion, place });
    return { items: [{ insertText: rest, isIncomplete: !completion.ended, token: completion.id }] };
  }

  async *stream(token: string): AsyncGenerator<{ response: IInlineCompletionItem }> {
    const shown = this._shown.get(token);
    this._shown.delete(token);
    if (!shown) {
      return;
    }
    const { completion, place } = shown;
    let told = '';
    while (completion === this._options.completions.current) {
      const rest = completion.rest(place.caret());
      if (rest === null) {
        return;
      }
      if (rest && rest !== told) {
        told = rest;
        yield { response: { insertText: rest, isIncomplete: !completion.ended } };
      }
      if (completion.ended) {
        return;
      }
      await completion.changed();
    }
  }

  private _ask(caret: ICaret, place: IPlace): Completion {
    const completion = this._options.completions.ask(caret, this._options.tier());
    const leave = place.watch(hasFocus => {
      if (completion !== this._options.completions.current || completion.ended) {
        leave();
      } else if (!hasFocus || completion.rest(place.caret()) === null) {
        leave();
        this._options.completions.stop();
      }
    });
    void this._leaveAtEnd(completion, leave);
    return completion;
  }

  private async _leaveAtEnd(completion: Completion, leave: () => void): Promise<void> {
    while (!completion.ended) {
      await completion.changed();
    }
    leave();
  }

  private readonly _shown = new Map<string, { completion: Completion; place: IPlace }>();
}
