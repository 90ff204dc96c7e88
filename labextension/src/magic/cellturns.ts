/** The turns of a kernel whose edits stand in cells: each is fed to its cell, and what the user does goes back. */

import type { CellTurn, EditJudged, KernelFrame, MagicFrame, ReviewAsked, TurnEvent } from '../_wire';
import type { ShortFrame } from '../channel/channel';
import { Turn } from '../chat/turn';
import type { IJudged } from '../chat/verdicts';
import type { Suggestion } from '../edit/suggestion';
import type { IEditMaker, IReviewAnswer } from '../tokens';

/** What is used of a notebook's page. */
export interface ICells {
  /** Show an edit in a cell, or keep it for one that was deleted; null if there never was such a cell. */
  open(told: CellTurn, maker: IEditMaker): Suggestion | null;
  /** What a cell holds now; null if it is gone. */
  source(cellId: string): string | null;
  /** Run the cell again, for another try. */
  retry(told: CellTurn): void;
  notebook(): string;
  /** Something happened in a turn, for the status bar. */
  onActivity(turnId: string, what: TurnEvent | 'streamed' | 'gone'): void;
  /** Tell the server what the kernel cannot hear any more. */
  judge(frame: EditJudged): void;
  /** Have a refactor made in the notebook's review tab; null without one. */
  review(asked: ReviewAsked): Promise<IReviewAnswer> | null;
}

interface IShown {
  readonly turn: Turn;
  readonly suggestion: Suggestion;
}

const ENDS = new Set(['turn_finished', 'turn_failed', 'turn_cancelled']);

export class CellTurns {
  /** @param _send - sends a frame to the kernel; false if it is gone */
  constructor(
    private readonly _cells: ICells,
    private readonly _send: (frame: MagicFrame) => boolean,
    private readonly _words: { gone: string; again: string }
  ) {}

  /** Take what the kernel tells, in order. */
  take(frames: readonly (KernelFrame | ShortFrame)[]): void {
    frames.forEach(frame => (Array.isArray(frame) ? this._takeShort(frame) : this._takeFrame(frame)));
  }

  /** The kernel has gone: what it was about to write never comes, what is whole stays to be judged. */
  lost(): void {
    const { gone, again } = this._words;
    for (const { turn } of this._shown.values()) {
      if (!turn.ended) {
        this._cells.onActivity(turn.id, 'gone');
        turn.onRefused({ type: 'refused', turn_id: turn.id, code: 'kernel_gone', message: gone, hint: again });
      }
    }
    this._shown.clear();
  }

  private _takeShort([number, , piece]: ShortFrame): void {
    const turn = this._shown.get(number)?.turn;
    if (turn) {
      this._cells.onActivity(turn.id, 'streamed');
    }
    if (typeof piece === 'string') {
      turn?.onWords(piece);
    } else {
      turn?.onLines(piece);
    }
  }

  private _takeFrame(frame: KernelFrame): void {
    if (frame.type === 'cell_turn') {
      this._begin(frame);
    } else if (frame.type === 'turn_news') {
      const shown = this._shown.get(frame.number);
      if (shown) {
        this._cells.onActivity(shown.turn.id, frame.event);
        shown.turn.onEvent(frame.event);
        if (ENDS.has(frame.event.type)) {
          this._ended(frame.number, shown);
        }
      }
    } else if (frame.type === 'turn_withdrawn') {
      const [number, shown] = [...this._shown].find(([, { turn }]) => turn.id === frame.turn_id) ?? [];
      if (number !== undefined) {
        this._shown.delete(number);
        this._cells.onActivity(frame.turn_id, 'gone');
        shown?.suggestion.refuse();
      }
    } else if (frame.type === 'review_asked') {
      void this._review(frame);
    }
  }

  private async _review(asked: ReviewAsked): Promise<void> {
    const none: IReviewAnswer = { said: '', problem: '', hint: '' };
    const answer = this._cells.review(asked);
    const told = await answer?.catch(error => ({ ...none, problem: String(error) }));
    const { request_id } = asked;
    this._send({ type: 'review_answered', request_id, shown: answer !== null, ...none, ...told });
  }

  private _begin(told: CellTurn): void {
    const turn = new Turn(told.turn_id, 'rewrite', told.instruction, told.tier, told.cell_id);
    const suggestion = this._cells.open(told, this._maker(told, turn));
    if (!suggestion) {
      this._send({ type: 'turn_shown', turn_id: turn.id, shown: false });
      return;
    }
    this._shown.set(told.number, { turn, suggestion });
    suggestion.watch(() => {
      if (!suggestion.isOpen && this._shown.get(told.number)?.suggestion === suggestion) {
        this._shown.delete(told.number);
        this._send({ type: 'turn_settled', turn_id: turn.id });
      }
    });
  }

  private _ended(number: number, { turn, suggestion }: IShown): void {
    const { proposal } = turn;
    if (!proposal || turn.state !== 'done') {
      return;
    }
    // A cell that is gone may come back, and its edit with it: nothing else knows of that cell any more.
    const now = this._cells.source(turn.cellId ?? '');
    const shown = suggestion.isOpen && now !== proposal.edit.new_source;
    if (!shown) {
      this._shown.delete(number);
      suggestion.refuse();
    }
    this._send({ type: 'turn_shown', turn_id: turn.id, shown });
  }

  private _maker(told: CellTurn, turn: Turn): IEditMaker {
    const judge = (outcome: EditJudged['outcome']) => (judged: IJudged) => {
      const frame: EditJudged = { type: 'edit_judged', outcome, ...judged };
      if (!this._send(frame)) {
        this._cells.judge(frame);
      }
    };
    return {
      turn,
      verdicts: { taken: judge('taken'), takenBack: judge('taken_back'), refused: judge('refused') },
      notebook: () => this._cells.notebook(),
      stop: () => void this._send({ type: 'turn_stopped', turn_id: turn.id }),
      say: words => void this._send({ type: 'words_said', turn_id: turn.id, words }),
      retry: () => this._cells.retry(told)
    };
  }

  private readonly _shown = new Map<number, IShown>();
}
