/** The conversations of the page: which notebook is talked about, what was said, what is being said. */

import type { PastConversation, TurnRequested } from '../_wire';
import { Watched } from '../watched';
import type { ChannelState } from '../channel/channel';
import type { TurnChannel } from '../channel/turns';
import { Conversation, draftKey, newId, turnsOf } from './conversation';
import { Turn, type Tier, type TurnKind } from './turn';
import { Verdicts } from './verdicts';
import { Ways } from './ways';

/** How many alternatives are asked for. */
const WAYS = 3;

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

  /** What became of proposed edits, here and in the cells. */
  readonly verdicts = new Verdicts(frame => this.channel.judge(frame));
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
    conversation.turns = turnsOf(kept.turns);
    kept.turns.forEach(turn => this.verdicts.takeUp(turn));
    conversation.draft = this._page.storage.getItem(draftKey(kept.notebook)) ?? '';
    const all = conversation.turns.flatMap(turn => turn.ways?.turns ?? [turn]);
    for (const turn of all.filter(turn => !turn.ended)) {
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
  send(asking: IAsking, tries = 1): Turn | null {
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
    const make = (): Turn => new Turn(newId(), asking.kind, asking.instruction, tier, asking.cellId ?? null);
    const turn = make();
    const others = Array.from({ length: tries - 1 }, make);
    for (const one of [turn, ...others]) {
      one.isInCell = asking.isInCell ?? false;
      this._askings.set(one, asking);
    }
    if (others.length) {
      new Ways([turn, ...others]);
    }
    conversation.turns = [...conversation.turns, turn];
    this.word = '';
    if (!turn.isInCell) {
      this.setDraft('');
    }
    [turn, ...others].forEach(one => this._follow(one));
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
        ...asking.extras,
        others: others.map(one => one.id)
      },
      turn,
      others
    );
    this.changed();
    return turn;
  }

  /** Ask beside the conversation: nothing of it is seen, and nothing goes on from it, until it is taken up (`adopt`). */
  askAside(asking: IAsking & { notebook: string }): Turn {
    const { kind, instruction, notebook, cellId = null, tier = this.tier, extras } = asking;
    const turn = new Turn(newId(), kind, instruction, tier, cellId);
    turn.isInCell = asking.isInCell ?? false;
    this._askings.set(turn, asking);
    this._page.push(notebook);
    const frame = { type: 'turn_requested', turn_id: turn.id, notebook, kind, instruction, tier } as const;
    this.channel.ask({ ...frame, cell_id: cellId, ...extras }, turn);
    return turn;
  }

  /** Take up a turn that was asked aside: from now on it stands in the notebook's conversation. */
  adopt(turn: Turn, notebook: string): void {
    const conversation = this.about(notebook);
    const { running, turns } = conversation;
    // What runs there stays the last, by which it is known.
    conversation.turns = running ? [...turns.slice(0, -1), turn, running] : [...turns, turn];
    if (!turn.ended) {
      this._follow(turn);
    }
    this.changed();
  }

  /** The conversation about a notebook that is open, whether it is in front or not. */
  about(notebook: string): Conversation {
    return this._conversations.get(notebook) ?? this._begin(notebook);
  }

  /** A turn of one of the conversations. */
  find(turnId: string): Turn | null {
    const turns = [...this._conversations.values()].flatMap(one => one.turns.flatMap(turn => turn.ways?.turns ?? turn));
    return turns.find(turn => turn.id === turnId) ?? null;
  }

  /** Whether it is known what was said of a notebook before the page was loaded. */
  knows(notebook: string): boolean {
    return this._known.has(notebook);
  }

  /** Ask the same again, about the same pieces; the edit is shown here, also where the one before it was in its cell. */
  retry(turn: Turn): void {
    const asking = this._asking(turn);
    this.send({ ...asking, extras: { ...asking.extras, again: true } });
  }

  /** Ask for the same edit in several ways at once, each a turn of its own (`Turn.ways`). */
  alternatives(turn: Turn): void {
    this.send(this._asking(turn), WAYS);
  }

  /** Redirect what runs; false if the server cannot be told now. */
  steer(turn: Turn, words: string): boolean {
    const turns = turn.ways?.turns ?? [turn];
    const told = turns.filter(one => !one.ended && this.channel.steer(one.id, words)).length > 0;
    if (told) {
      turn.notices.push(words);
      if (!turn.isInCell) {
        this.setDraft('');
      }
    }
    this.changed();
    return told;
  }

  stop(): void {
    const running = this.current?.running;
    const turns = running?.ways?.turns ?? (running ? [running] : []);
    turns.filter(turn => !turn.ended).forEach(turn => this.channel.stop(turn.id));
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
      this._known.add(notebook);
      this.changed();
    } catch {
      this._asked.delete(notebook); // the server is away; the next time the notebook is shown it is asked again
    }
  }

  private _asking(turn: Turn): IAsking {
    const { kind, instruction, cellId, tier } = turn;
    return { ...(this._askings.get(turn) ?? { kind, instruction, cellId, tier }), isInCell: false };
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
  private readonly _known = new Set<string>();
  private readonly _askings = new WeakMap<Turn, IAsking>();
}
