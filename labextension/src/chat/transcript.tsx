/** The turns of a conversation. The view stays at its end only while the reader is there. */

import * as React from 'react';
import { Announcer } from './announcer';
import type { ChatStore } from './store';
import type { Turn } from './turn';
import { type ITurnTools, TurnView } from './turnview';

const NEAR_END_PX = 24;
const GROUP = 16;
/** What a reader moves the view with, and how long after it a movement is theirs. */
const MOVES = ['wheel', 'touchmove', 'keydown', 'pointerdown', 'pointermove'];
const MOVED_MS = 500;

export interface ITranscriptProps {
  store: ChatStore;
  tools: ITurnTools;
}

export function Transcript({ store, tools }: ITranscriptProps): React.JSX.Element {
  const { trans } = tools;
  const conversation = store.current;
  const turns = conversation?.turns ?? [];
  const { log, content, goToEnd, isAway } = useEnd();
  const { say, host } = useAnnouncer();
  const retry = React.useCallback((turn: Turn) => store.retry(turn), [store]);
  const alternatives = React.useCallback((turn: Turn) => store.alternatives(turn), [store]);
  // A new question is where the reader wants to be.
  React.useLayoutEffect(goToEnd, [turns.length, conversation, goToEnd]);

  return (
    <div className="jp-Spark-reading">
      <div
        className={`jp-Spark-transcript${conversation?.running ? ' jp-mod-running' : ''}`}
        role="log"
        aria-live="off"
        aria-label={trans.__('Conversation')}
        tabIndex={0}
        ref={log}
      >
        <div className="jp-Spark-content" ref={content}>
          {!turns.length && (
            <p className="jp-Spark-empty">
              {conversation
                ? trans.__('Ask about this notebook, or say what to change.')
                : trans.__('Open a notebook to talk about it.')}
            </p>
          )}
          {grouped(turns).map(group => (
            <div className="jp-Spark-turns" key={group[0]?.id}>
              {group.map(turn => (
                <TurnView
                  key={turn.id}
                  turn={turn}
                  notebook={conversation?.notebook ?? ''}
                  tools={tools}
                  retry={retry}
                  alternatives={alternatives}
                  say={say}
                />
              ))}
            </div>
          ))}
        </div>
        <div className="jp-Spark-end" />
      </div>
      {isAway && (
        <button type="button" className="jp-Spark-latest" onClick={goToEnd}>
          ↓ {trans.__('Jump to latest')}
        </button>
      )}
      <div ref={host} />
    </div>
  );
}

/** Turns in groups: the browser asks of each element whether it is in sight, but of none in a group that is not. */
function grouped(turns: readonly Turn[]): Turn[][] {
  const count = Math.ceil(turns.length / GROUP);
  return Array.from({ length: count }, (_, index) => turns.slice(index * GROUP, (index + 1) * GROUP));
}

interface IEnd {
  log: React.RefObject<HTMLDivElement>;
  content: React.RefObject<HTMLDivElement>;
  goToEnd: () => void;
  isAway: boolean;
}

/** Keeps the reader at the end who is there, and no other. */
function useEnd(): IEnd {
  const log = React.useRef<HTMLDivElement>(null);
  const content = React.useRef<HTMLDivElement>(null);
  const place = React.useRef({ follows: true, top: 0 });
  // A text that shrinks when it is rendered scrolls up as well: only who moves the view leaves its end.
  const movedAt = React.useRef(-Infinity);
  const [isAway, setAway] = React.useState(false);

  const stay = React.useCallback(() => {
    const box = log.current;
    // Where the browser anchors the view at the end, it is there already, and a layout less.
    if (box && place.current.follows && box.scrollHeight - box.scrollTop - box.clientHeight >= 1) {
      box.scrollTop = box.scrollHeight;
    }
  }, []);
  // An observer of sizes is told after the layout that the frame needs anyway, and before it is painted.
  React.useEffect(() => {
    const observer = new ResizeObserver(stay);
    [log.current, content.current].forEach(element => element && observer.observe(element));
    return () => observer.disconnect();
  }, [stay]);

  const goToEnd = React.useCallback(() => {
    place.current.follows = true;
    movedAt.current = -Infinity; // what still moves was begun before
    setAway(false);
    stay();
  }, [stay]);
  // Not through React: its own events cost more than what is done here, and this comes with every frame of a stream.
  React.useEffect(() => {
    const box = log.current;
    const onMove = (event: Event): void => {
      // A browser also tells of a pointer that rests while the page moves below it.
      if (box && (event.type !== 'pointermove' || (event as PointerEvent).buttons)) {
        movedAt.current = performance.now();
        place.current.top = box.scrollTop;
      }
    };
    const onScroll = (): void => {
      // Nobody moved the view: it went to its end with the text, and to ask where it is would cost a layout.
      if (!box || (place.current.follows && performance.now() - movedAt.current >= MOVED_MS)) {
        return;
      }
      const left = box.scrollHeight - box.scrollTop - box.clientHeight;
      const goesUp = box.scrollTop < place.current.top;
      const leaves = goesUp && performance.now() - movedAt.current < MOVED_MS;
      const { follows } = place.current;
      place.current = { follows: left < 2 || (follows ? !leaves : !goesUp && left < NEAR_END_PX), top: box.scrollTop };
      setAway(!place.current.follows);
      box.classList.toggle('jp-mod-away', !place.current.follows);
    };
    box?.addEventListener('scroll', onScroll, { passive: true });
    MOVES.forEach(name => box?.addEventListener(name, onMove, { passive: true }));
    return () => {
      box?.removeEventListener('scroll', onScroll);
      MOVES.forEach(name => box?.removeEventListener(name, onMove));
    };
  }, []);
  return { log, content, goToEnd, isAway };
}

function useAnnouncer(): { say: (words: string) => void; host: React.RefObject<HTMLDivElement> } {
  const host = React.useRef<HTMLDivElement>(null);
  const announcer = React.useRef<Announcer | null>(null);
  React.useEffect(() => {
    announcer.current = new Announcer();
    host.current?.replaceChildren(announcer.current.element);
  }, []);
  const say = React.useCallback((words: string) => announcer.current?.say(words), []);
  return { say, host };
}
