/**
 * Where the user writes. Enter sends, Shift+Enter breaks the line, Up recalls, Escape stops; `/` and `@` complete.
 */

import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import type { FileCandidates } from '../context/candidates';
import { Chips } from '../context/chips';
import { complete, type ICandidate } from '../context/completion';
import { Menu, optionId } from '../context/menu';
import { type ICompletion, useCompletion } from '../context/usecompletion';
import type { ISpark } from '../tokens';
import { ComposerFoot } from './foot';
import { recalled } from './recall';
import { say } from './saying';

const MAX_HEIGHT_PX = 240;
const MENU_ID = 'jp-Spark-menu';

/** How the panel reaches the field. */
export interface IComposerHandle {
  write(words?: string): void;
}

export interface IComposerProps {
  spark: ISpark;
  files: FileCandidates;
  commands: CommandRegistry;
  handle: React.MutableRefObject<IComposerHandle | null>;
}

export function Composer(props: IComposerProps): React.JSX.Element {
  const { spark, files, commands } = props;
  const { store, context, trans } = spark;
  const field = React.useRef<HTMLTextAreaElement>(null);
  const draft = useDraft(props, field);
  const { text, caret, write } = draft;
  const completion = useCompletion(spark, files, commands, text, caret);
  const running = store.current?.running ?? null;

  const send = (): void => {
    if (text.trim()) {
      const problem = say(spark, commands, text);
      if (problem) {
        store.tell(problem); // and the words stay where they are
      } else {
        write('', 0);
      }
    }
  };
  const pick = (candidate: ICandidate): void => {
    if (completion.asked) {
      const done = complete(text, completion.asked, candidate);
      write(done.text, done.caret);
      if (candidate.piece) {
        context.add(candidate.piece);
      }
    }
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const handled =
      !event.nativeEvent.isComposing &&
      (keyOfMenu(event, completion, pick) || keyOfField(event, draft.recall, send, () => store.stop(), !!running));
    if (handled) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  const addPiece = (): void => {
    const gap = text && !/\s$/.test(text) ? ' @' : '@';
    write(text + gap, text.length + gap.length);
    field.current?.focus();
  };
  return (
    <div className="jp-Spark-composer">
      <Chips context={context} text={text} trans={trans} onAdd={addPiece} />
      {completion.asked && (
        <Menu
          id={MENU_ID}
          label={completion.asked.kind === 'command' ? trans.__('Commands') : trans.__('Add to the question')}
          candidates={completion.candidates}
          chosen={completion.chosen}
          onPick={pick}
        />
      )}
      <Field {...props} field={field} draft={draft} completion={completion} onKeyDown={onKeyDown} />
      <ComposerFoot spark={spark} text={text} onSend={send} onStopped={() => field.current?.focus()} />
    </div>
  );
}

interface IFieldProps extends IComposerProps {
  field: React.RefObject<HTMLTextAreaElement>;
  draft: IDraft;
  completion: ICompletion;
  onKeyDown: (event: React.KeyboardEvent) => void;
}

function Field({ spark, field, draft, completion, onKeyDown }: IFieldProps): React.JSX.Element {
  const { store, context, trans } = spark;
  const isOpen = completion.asked !== null;
  const whileRunning = store.current?.running && trans.__('Say more to redirect the answer');
  const placeholder = store.current ? whileRunning || trans.__('Ask, or type / for commands') : '';
  return (
    <textarea
      ref={field}
      rows={1}
      aria-label={trans.__('Ask Spark')}
      aria-autocomplete="list"
      aria-controls={isOpen ? MENU_ID : undefined}
      aria-activedescendant={isOpen ? optionId(MENU_ID, completion.chosen) : undefined}
      placeholder={placeholder}
      value={draft.text}
      disabled={!store.current}
      onFocus={() => context.read()}
      onChange={event => draft.write(event.target.value, event.target.selectionStart)}
      onSelect={event => draft.setCaret(event.currentTarget.selectionStart)}
      onKeyDown={onKeyDown}
    />
  );
}

interface IDraft {
  text: string;
  caret: number;
  write: (text: string, caret?: number) => void;
  setCaret: (caret: number) => void;
  /** Walk through what was said before; false if there is nothing there. */
  recall: (step: 1 | -1) => boolean;
}

/** The text of the field: the conversation's draft, what the user types, what was said before. */
function useDraft({ spark, handle }: IComposerProps, field: React.RefObject<HTMLTextAreaElement>): IDraft {
  const { store } = spark;
  const conversation = store.current;
  const [text, setText] = React.useState(conversation?.draft ?? '');
  const [caret, setCaret] = React.useState(0);
  const [back, setBack] = React.useState(0);
  const put = React.useRef<number | null>(null);

  React.useEffect(() => setText(conversation?.draft ?? ''), [conversation]);
  React.useLayoutEffect(() => {
    fitHeight(field.current);
    if (put.current !== null) {
      field.current?.setSelectionRange(put.current, put.current);
      put.current = null;
    }
  }, [text, field]);

  const set = (value: string, at: number): void => {
    put.current = field.current?.value === value ? null : at;
    setText(value);
    setCaret(at);
    store.setDraft(value);
  };
  const write = (value: string, at = value.length): void => {
    setBack(0);
    set(value, at);
    if (store.word && value) {
      store.tell(''); // it was about the words before
    }
  };
  handle.current = {
    write: words => {
      if (words !== undefined) {
        write(words);
      }
      field.current?.focus();
    }
  };
  return {
    text,
    caret,
    write,
    setCaret,
    recall: step => {
      const found = recalled(conversation, text, back, step);
      if (found) {
        setBack(found.back);
        set(found.text, found.text.length);
      }
      return found !== null;
    }
  };
}

/** A key that steers the completion list. */
function keyOfMenu(event: React.KeyboardEvent, completion: ICompletion, pick: (one: ICandidate) => void): boolean {
  const { asked, candidates, chosen, choose } = completion;
  if (!asked) {
    return false;
  }
  const candidate = candidates[chosen];
  switch (event.key) {
    case 'ArrowDown':
      choose((chosen + 1) % candidates.length);
      return true;
    case 'ArrowUp':
      choose((chosen + candidates.length - 1) % candidates.length);
      return true;
    case 'Escape':
      completion.dismiss();
      return true;
    case 'Enter':
    case 'Tab':
      // A command that is written out already is sent.
      if (!candidate || event.shiftKey || (event.key === 'Enter' && candidate.label === `/${asked.query}`)) {
        return false;
      }
      pick(candidate);
      return true;
    default:
      return false;
  }
}

/** A key of the field itself. */
function keyOfField(
  event: React.KeyboardEvent,
  recall: IDraft['recall'],
  send: () => void,
  stop: () => void,
  isRunning: boolean
): boolean {
  if (event.key === 'Enter' && !event.shiftKey) {
    send();
    return true;
  }
  if (event.key === 'Escape' && isRunning) {
    stop();
    return true;
  }
  if (event.key === 'ArrowUp') {
    return recall(1);
  }
  return event.key === 'ArrowDown' && recall(-1);
}

/** Let the field be as high as its text, up to a bound. */
function fitHeight(field: HTMLTextAreaElement | null): void {
  // A hidden panel has no heights.
  if (field?.offsetParent) {
    field.style.height = 'auto';
    field.style.height = `${Math.min(field.scrollHeight, MAX_HEIGHT_PX)}px`;
  }
}
