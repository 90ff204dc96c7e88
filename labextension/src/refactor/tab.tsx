/** The review tab: a refactor of a notebook from its words to "Undo refactor". */

import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import { sparkIcon } from '../chat/icon';
import { Ask, StandingList } from './ask';
import { ChangesView } from './changesview';
import { Header } from './header';
import { Act, type IRefactorProps, useRedraw } from './parts';
import { Planning, PlanView } from './planview';
import type { Phase, Review } from './review';
import { Writing } from './writing';

export class RefactorTab extends ReactWidget {
  constructor(private readonly _props: IRefactorProps) {
    super();
    this.title.icon = sparkIcon;
    this.title.closable = true;
    this.addClass('jp-SparkRefactor');
    this.retitle();
  }

  get path(): string {
    return this._props.refactors.path;
  }

  /** The notebook has another name now. */
  retitle(): void {
    const { trans } = this._props.tools;
    const name = this.path.split('/').pop() ?? this.path;
    this.title.label = trans.__('Refactor: %1', name);
    this.title.caption = trans.__('Refactor of %1', this.path);
  }

  /** Write words where the instruction goes. */
  write(draft: string): void {
    this._draft = draft;
    this.update();
  }

  /** The keyboard goes where the user goes on; where it is in the tab already, it stays. */
  protected onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    if (!this.node.contains(document.activeElement)) {
      const next = '.jp-SparkRefactor-ask textarea, .jp-SparkRefactor-head h2';
      this.node.querySelector<HTMLElement>(next)?.focus({ preventScroll: true });
    }
  }

  protected render(): React.JSX.Element {
    return <Refactor {...this._props} draft={this._draft} />;
  }

  private _draft = '';
}

function Refactor(props: IRefactorProps & { draft: string }): React.JSX.Element {
  const { refactors, tools } = props;
  const { trans } = tools;
  useRedraw(refactors);
  const { review } = refactors;
  useAnnouncements(review, props);
  const whole = React.useRef<HTMLDivElement>(null);
  useKeptFocus(whole);
  const { element } = tools.announcer;
  const announcing = React.useCallback((host: HTMLElement | null) => host?.replaceChildren(element), [element]);
  return (
    <div ref={whole} className="jp-SparkRefactor-whole">
      <div ref={announcing} />
      {!tools.isOpen() && (
        <div className="jp-Spark-problem jp-SparkRefactor-closed" role="alert">
          {trans.__('The notebook %1 is closed.', refactors.path)}{' '}
          <Act label={trans.__('Open it')} run={() => tools.open()} />
        </div>
      )}
      {review ? (
        <>
          <Header {...props} review={review} />
          <Body {...props} review={review} />
        </>
      ) : (
        <Ask {...props} />
      )}
    </div>
  );
}

function Body(props: IRefactorProps & { review: Review }): React.JSX.Element {
  const { review } = props;
  if (review.phase === 'planned' && review.plan) {
    return <PlanView {...props} plan={review.plan} />;
  }
  if (review.phase === 'writing') {
    return <Writing {...props} />;
  }
  if (review.phase === 'ready') {
    return (
      <>
        <ChangesView {...props} />
        <StandingList {...props} without={review.id} />
      </>
    );
  }
  return review.hasNoPlan ? <></> : <Planning {...props} />;
}

/** Tell a screen reader of each step of the way. */
function useAnnouncements(review: Review | null, { tools }: IRefactorProps): void {
  const { trans, announcer } = tools;
  const before = React.useRef<Phase | null>(null);
  const phase = review?.phase ?? null;
  React.useEffect(() => {
    if (review && phase !== before.current) {
      const words: Record<Phase, string> = {
        planning: trans.__('Planning'),
        planned: trans.__('The plan is there'),
        writing: trans.__('Writing'),
        ready: trans._n('%1 change is ready', '%1 changes are ready', review.changes.length)
      };
      announcer.say(words[review.phase]);
    }
    before.current = phase;
  }, [review, phase, trans, announcer]);
}

/** A button that has done its work goes away: the keyboard stays with what it was about. */
function useKeptFocus(whole: React.RefObject<HTMLElement>): void {
  const last = React.useRef<Element | null>(null);
  React.useLayoutEffect(() => {
    const host = whole.current;
    const keep = (event: FocusEvent): void => {
      last.current = host?.contains(event.target as Node) ? (event.target as Element) : null;
    };
    document.addEventListener('focusin', keep);
    return () => document.removeEventListener('focusin', keep);
  }, [whole]);
  React.useLayoutEffect(() => {
    const isLost = last.current && !last.current.isConnected && document.activeElement === document.body;
    if (isLost) {
      const row = whole.current?.querySelector<HTMLElement>('li[aria-current=true] button');
      (row ?? whole.current?.querySelector<HTMLElement>('h2'))?.focus({ preventScroll: true });
    }
  });
}
