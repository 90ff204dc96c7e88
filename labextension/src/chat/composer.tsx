/** Where the user writes. Enter sends, Shift+Enter breaks the line, Up recalls, Escape stops. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { ChatStore } from './store';

const MAX_HEIGHT_PX = 240;

export interface IComposerProps {
  store: ChatStore;
  trans: TranslationBundle;
}

export function Composer({ store, trans }: IComposerProps): React.JSX.Element {
  const conversation = store.current;
  const [text, setText] = React.useState(conversation?.draft ?? '');
  const field = React.useRef<HTMLTextAreaElement>(null);
  const running = conversation?.running ?? null;

  React.useEffect(() => setText(conversation?.draft ?? ''), [conversation]);
  React.useLayoutEffect(() => fitHeight(field.current), [text]);

  const write = (value: string): void => {
    setText(value);
    store.setDraft(value);
  };
  const send = (): void => {
    if (text.trim()) {
      store.send({ kind: 'ask', instruction: text.trim() });
      setText('');
    }
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) {
      return;
    }
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === 'Escape' && running) {
      event.preventDefault();
      store.stop();
    } else if (event.key === 'ArrowUp' && !text) {
      const last = conversation?.turns[conversation.turns.length - 1];
      if (last) {
        event.preventDefault();
        write(last.instruction);
      }
    }
  };

  return (
    <div className="jp-Spark-composer">
      <textarea
        ref={field}
        rows={1}
        aria-label={trans.__('Ask Spark')}
        placeholder={running ? trans.__('Say more to redirect the answer') : trans.__('Ask Spark')}
        value={text}
        disabled={!conversation}
        onChange={event => write(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="jp-Spark-composerRow">
        {running && (
          <button className="jp-Button jp-mod-minimal" onClick={() => store.stop()}>
            {trans.__('Stop')}
          </button>
        )}
        <button className="jp-Button jp-mod-accept" disabled={!conversation || !text.trim()} onClick={send}>
          {trans.__('Send')}
        </button>
      </div>
    </div>
  );
}

/** Let the field be as high as its text, up to a bound. */
function fitHeight(field: HTMLTextAreaElement | null): void {
  // A hidden panel has no heights.
  if (field?.offsetParent) {
    field.style.height = 'auto';
    field.style.height = `${Math.min(field.scrollHeight, MAX_HEIGHT_PX)}px`;
  }
}
