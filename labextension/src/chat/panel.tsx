/** The sidebar's panel: the header, the conversation, the composer. */

import { addIcon, ellipsesIcon, historyIcon, ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import { Menu } from '@lumino/widgets';
import * as React from 'react';
import type { FileCandidates } from '../context/candidates';
import { History } from '../history/view';
import type { ISpark } from '../tokens';
import { Composer, type IComposerHandle } from './composer';
import { sparkIcon } from './icon';
import { Tiers } from './tiers';
import { Transcript } from './transcript';
import type { ITurnTools } from './turnview';

export const PANEL_ID = 'jupyter-spark-chat';

export interface IPanelOptions {
  spark: ISpark;
  files: FileCandidates;
  commands: CommandRegistry;
  tools: ITurnTools;
}

/** The chat as a widget of Lab's right side. */
export class ChatPanel extends ReactWidget {
  constructor(private readonly _options: IPanelOptions) {
    super();
    this.id = PANEL_ID;
    this.title.icon = sparkIcon;
    this.title.caption = _options.spark.trans.__('Spark: talk about the notebook');
    this.addClass('jp-Spark-panel');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _options.spark.trans.__('Spark chat'));
  }

  /** Put the caret into the composer, with these words in it if any are given. */
  write(words?: string): void {
    void this.renderPromise?.then(() => {
      // The palette, where this may come from, gives the keyboard back when it closes: after this, and before the frame.
      requestAnimationFrame(() => this._composer.current?.write(words));
    });
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update(); // a hidden field has no height to fit
    const { context, setup } = this._options.spark;
    context.read();
    if (setup.status === null || setup.problem) {
      void setup.refresh(); // a settings file that was broken may be mended by now
    }
  }

  protected render(): React.JSX.Element {
    return <Chat {...this._options} composer={this._composer} />;
  }

  private readonly _composer: React.MutableRefObject<IComposerHandle | null> = { current: null };
}

interface IChatProps extends IPanelOptions {
  composer: React.MutableRefObject<IComposerHandle | null>;
}

function Chat(props: IChatProps): React.JSX.Element {
  const { spark, files, commands, tools, composer } = props;
  const { store, context, setup, options, trans } = spark;
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);
  const [showsHistory, setShowsHistory] = React.useState(false);
  React.useEffect(() => {
    const leave = [store, context, setup, options].map(one => one.watch(redraw));
    return () => leave.forEach(stop => stop());
  }, [store, context, setup, options]);

  const leaveHistory = (): void => {
    setShowsHistory(false);
    composer.current?.write();
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === 'Escape') {
      if (showsHistory) {
        leaveHistory();
      } else {
        store.stop();
      }
    }
  };
  const empty = store.current?.turns.length ? null : spark.emptyView();
  return (
    <div className="jp-Spark-chat" data-receipts={options.current.showReceipts} onKeyDown={onKeyDown}>
      <Header
        {...props}
        showsHistory={showsHistory}
        onHistory={() => (showsHistory ? leaveHistory() : setShowsHistory(true))}
      />
      {store.connection === 'outdated' && (
        <p className="jp-Spark-problem" role="alert">
          {trans.__('The server speaks another version of Spark: reload the page.')}
        </p>
      )}
      {setup.problem && !setup.isNeeded && store.connection === 'open' && (
        <p className="jp-Spark-problem" role="alert">
          {setup.problem}
        </p>
      )}
      {showsHistory ? (
        <History store={store} trans={trans} onChosen={leaveHistory} />
      ) : (
        (empty ?? <Transcript store={store} tools={tools} />)
      )}
      <Composer spark={spark} files={files} commands={commands} handle={composer} />
    </div>
  );
}

interface IHeaderProps extends IChatProps {
  showsHistory: boolean;
  onHistory: () => void;
}

function Header({ spark, commands, showsHistory, onHistory }: IHeaderProps): React.JSX.Element {
  const { store, setup, trans } = spark;
  const openMenu = (event: React.MouseEvent): void => {
    const menu = new Menu({ commands });
    for (const command of ['export-notebook', 'export-markdown']) {
      menu.addItem({ command: `jupyter-spark:${command}` });
    }
    const button = event.currentTarget as HTMLElement;
    const place = button.getBoundingClientRect();
    menu.aboutToClose.connect(() => button.focus());
    menu.open(place.left, place.bottom);
  };
  return (
    <div className="jp-Spark-header">
      <sparkIcon.react tag="span" />
      <b>Spark</b>
      <Tiers store={store} setup={setup} trans={trans} />
      <span className="jp-Spark-space" />
      <IconButton
        icon={addIcon}
        label={trans.__('New conversation')}
        disabled={!store.current?.turns.length}
        onClick={() => void commands.execute('jupyter-spark:new-conversation')}
      />
      <IconButton
        icon={historyIcon}
        label={trans.__('History')}
        pressed={showsHistory}
        disabled={!store.current}
        onClick={onHistory}
      />
      <IconButton
        icon={ellipsesIcon}
        label={trans.__('Export')}
        disabled={!store.current?.turns.length}
        onClick={openMenu}
      />
    </div>
  );
}

interface IIconButtonProps {
  icon: typeof addIcon;
  label: string;
  pressed?: boolean;
  disabled?: boolean;
  onClick: (event: React.MouseEvent) => void;
}

function IconButton({ icon, label, pressed, disabled, onClick }: IIconButtonProps): React.JSX.Element {
  return (
    <button
      className="jp-Button jp-mod-minimal jp-Spark-iconButton"
      title={label}
      aria-label={label}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
    >
      <icon.react tag="span" />
    </button>
  );
}
