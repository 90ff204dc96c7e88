/** The sidebar's panel. */

import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Composer } from './composer';
import { sparkIcon } from './icon';
import type { ChatStore } from './store';
import { Transcript } from './transcript';
import type { Tier } from './turn';
import type { ITurnTools } from './turnview';

export const PANEL_ID = 'jupyter-spark-chat';

/** The chat as a widget of Lab's right side. */
export class ChatPanel extends ReactWidget {
  constructor(
    private readonly _store: ChatStore,
    private readonly _tools: ITurnTools,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.id = PANEL_ID;
    this.title.icon = sparkIcon;
    this.title.caption = _trans.__('Spark: talk about the notebook');
    this.addClass('jp-Spark-panel');
  }

  protected render(): React.JSX.Element {
    return <Chat store={this._store} tools={this._tools} trans={this._trans} />;
  }
}

interface IChatProps {
  store: ChatStore;
  tools: ITurnTools;
  trans: TranslationBundle;
}

function Chat({ store, tools, trans }: IChatProps): React.JSX.Element {
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => store.watch(redraw), [store]);
  return (
    <>
      <Header store={store} trans={trans} />
      {store.connection === 'outdated' && (
        <p className="jp-Spark-problem" role="alert">
          {trans.__('The server speaks another version of Spark: reload the page.')}
        </p>
      )}
      <Transcript store={store} tools={tools} />
      <Composer store={store} trans={trans} />
    </>
  );
}

function Header({ store, trans }: Omit<IChatProps, 'tools'>): React.JSX.Element {
  const tiers: [Tier, string][] = [
    ['spark', trans.__('Fast')],
    ['deep', trans.__('Deep')]
  ];
  return (
    <header className="jp-Spark-header">
      <sparkIcon.react tag="span" />
      <b>Spark</b>
      <div className="jp-Spark-tiers" role="radiogroup" aria-label={trans.__('Tier')}>
        {tiers.map(([tier, label]) => (
          <button key={tier} role="radio" aria-checked={store.tier === tier} onClick={() => store.setTier(tier)}>
            {label}
          </button>
        ))}
      </div>
      <button
        className="jp-Button jp-mod-minimal jp-Spark-new"
        title={trans.__('New conversation')}
        aria-label={trans.__('New conversation')}
        onClick={() => store.startAnew()}
      >
        +
      </button>
    </header>
  );
}
