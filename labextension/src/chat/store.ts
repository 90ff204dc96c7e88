/** The conversations of the page: which notebook is talked about, what was said, what is being said. */

import type { PastConversation, TurnRequested } from '../_wire';
import { Watched } from '../watched';
import type { ChannelState } from '../channel/channel';
import type { TurnChannel } from '../channel/turns';
import { Turn, type Tier, type TurnKind } from './turn';

/** What the user asks, beside the words. */
export interface IAsking {
  kind: TurnKind;
  instruction: string;
  cellId?: string | null;
  tier?: Tier;
  extras?: Partial<TurnRequested>;
  /** The notebook that it is about; the one in front if it is not given. */
  notebook?: string;
  /** Whether its edit is shown in the cell itself. */
  isInCell?: boolean;
}

/** A conversation about one notebook. */
export class Conversation {
  constructor(
    public notebook: string,
    readonly id: string = newId()
  ) {}

  turns: Turn[] = [];
  draft = '';

  /** The turn that is being answered, if any. */
  get running(): Turn | null {
    const last = this.turns[this.turns.length - 1];
    return last && !last.ended ? last : null;
  }
}

/** What the store needs of the page. */
export interface IPage {
  /** Tell the server of the notebook's latest cells; called right before a turn about it. */
  push(notebook: string): void;
  /** The notebook's conversations as the server keeps them, the newest first. */
  past(notebook: string): Promise<PastConversation[]>;
  /** Where drafts outlive a reload. */
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

/** The state of the chat; views watch it. */
export class ChatStore extends Watched {
  constructor(
    readonly channel: TurnChannel,
    private readonly _page: IPage
  ) {
    super();
  }

  tier: Tier = 'spark';
  connection: ChannelState = 'connecting';
  current: Conversation | null = null;
  /** A line for the reader beside the composer: what could not be done, where something was saved. */
  word = '';

  /** Talk about a notebook: its conversation of before, or a new one. */
  show(notebook: string | null): void {
    if (notebook === null) {
      this.current = null;
    } else if (this.current?.notebook !== notebook) {
      this.current = this._conversations.get(notebook) ?? this._begin(notebook);
      void this._takeUp(notebook);
    }
    this.changed();
  }

  /** A notebook has another name now. */
  rename(from: string, to: string): void {
    const conversation = this._conversations.get(from);
    if (conversation) {
      this._conversations.delete(from);
      this._conversations.set(to, conversation);
      conversation.notebook = to;
      this._asked.add(to);
      this.changed();
    }
  }

  /** The notebook's conversations as the server keeps them. */
  past(notebook: string | null): Promise<PastConversation[]> {
    return notebook === null ? Promise.resolve([]) : this._page.past(notebook);
  }

  /** Begin a new conversation about the same notebook. */
  startAnew(): void {
    if (this.current) {
      this.current = this._begin(this.current.notebook);
      this.changed();
    }
  }

  /** Go on with a conversation that the journal kept. */
  resume(kept: PastConversation): void {
    if (this._conversations.get(kept.notebook)?.id === kept.conversation_id) {
      return; // it is there, and more up to date
    }
    const conversation = new Conversation(kept.notebook, kept.conversation_id);
    conversation.turns = kept.turns.map(turn => Turn.past(turn));
    conversation.draft = this._page.storage.getItem(draftKey(kept.notebook)) ?? '';
    for (const turn of conversation.turns.filter(turn => !turn.ended)) {
      turn.text = '';
      this._follow(turn);
      this.channel.join(turn.id, turn);
    }
    this._conversations.set(kept.notebook, conversation);
    if (this.current === null || this.current.notebook === kept.notebook) {
      this.current = conversation;
    }
    this.changed();
  }

  /** Ask. While an answer to words is running, new words redirect it instead. Returns the turn that was begun. */
  send(asking: IAsking): Turn | null {
    const conversation = asking.notebook === undefined ? this.current : this.about(asking.notebook);
    const needsWords = asking.kind !== 'explain' && asking.kind !== 'fix';
    if (!conversation || (needsWords && !asking.instruction.trim())) {
      return null;
    }
    const running = conversation.running;
    if (running) {
      this.steer(running, asking.instruction);
      return null;
    }
    const tier = asking.tier ?? this.tier;
    const turn = new Turn(newId(), asking.kind, asking.instruction, tier, asking.cellId ?? null);
    turn.isInCell = asking.isInCell ?? false;
    this._askings.set(turn, asking);
    conversation.turns = [...conversation.turns, turn];
    this.word = '';
    if (!turn.isInCell) {
      this.setDraft('');
    }
    this._follow(turn);
    this._page.push(conversation.notebook);
    this.channel.ask(
      {
        type: 'turn_requested',
        turn_id: turn.id,
        notebook: conversation.notebook,
        conversation_id: conversation.id,
        kind: asking.kind,
        instruction: asking.instruction,
        tier,
        cell_id: asking.cellId ?? null,
        ...asking.extras
      },
      turn
    );
    this.changed();
    return turn;
  }

  /** The conversation about a notebook that is open, whether it is in front or not. */
  about(notebook: string): Conversation {
    return this._conversations.get(notebook) ?? this._begin(notebook);
  }

  /** Ask the same again, about the same pieces. */
  retry(turn: Turn): void {
    const { kind, instruction, cellId, tier } = turn;
    const asking = this._askings.get(turn) ?? { kind, instruction, cellId, tier };
    this.send({ ...asking, extras: { ...asking.extras, again: true } });
  }

  steer(turn: Turn, words: string): void {
    if (this.channel.steer(turn.id, words)) {
      turn.notices.push(words);
      if (!turn.isInCell) {
        this.setDraft('');
      }
    }
    this.changed();
  }

  stop(): void {
    const running = this.current?.running;
    if (running) {
      this.channel.stop(running.id);
    }
  }

  setTier(tier: Tier): void {
    this.tier = tier;
    this.changed();
  }

  /** Tell the reader something beside the composer, until the next question. */
  tell(word: string): void {
    this.word = word;
    this.changed();
  }

  setDraft(text: string): void {
    if (this.current) {
      this.current.draft = text;
      const key = draftKey(this.current.notebook);
      if (text) {
        this._page.storage.setItem(key, text);
      } else {
        this._page.storage.removeItem(key);
      }
    }
  }

  setConnection(state: ChannelState): void {
    this.connection = state;
    this.changed();
  }

  /** After a reload the notebook's latest conversation is there again, unless the user has begun another meanwhile. */
  private async _takeUp(notebook: string): Promise<void> {
    if (this._asked.has(notebook)) {
      return;
    }
    this._asked.add(notebook);
    try {
      const [latest] = await this._page.past(notebook);
      if (latest && this._conversations.get(notebook)?.turns.length === 0) {
        this.resume(latest);
      }
    } catch {
      this._asked.delete(notebook); // the server is away; the next time the notebook is shown it is asked again
    }
  }

  private _begin(notebook: string): Conversation {
    const conversation = new Conversation(notebook);
    conversation.draft = this._page.storage.getItem(draftKey(notebook)) ?? '';
    this._conversations.set(notebook, conversation);
    return conversation;
  }

  /** The panel's buttons depend on whether a turn runs. */
  private _follow(turn: Turn): void {
    const leave = turn.watch({
      onStream: () => undefined,
      onRestart: () => undefined,
      onChange: () => {
        if (turn.ended) {
          leave();
          this.changed();
        }
      }
    });
  }

  private readonly _conversations = new Map<string, Conversation>();
  private readonly _asked = new Set<string>();
  private readonly _askings = new WeakMap<Turn, IAsking>();
}

/** A random identifier; `crypto.randomUUID` is missing on pages without TLS. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

function draftKey(notebook: string): string {
  return `jupyter-spark:draft:${notebook}`;
}
