/** The tier switch: a group of radio buttons with arrow keys, and who fills each tier. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { TierStatus } from '../_wire';
import type { Setup } from '../firstrun/setup';
import type { ChatStore } from './store';
import type { Tier } from './turn';

const TIERS: readonly Tier[] = ['spark', 'deep'];
const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export interface ITiersProps {
  store: ChatStore;
  setup: Setup;
  trans: TranslationBundle;
}

export function Tiers({ store, setup, trans }: ITiersProps): React.JSX.Element {
  const group = React.useRef<HTMLDivElement>(null);
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const next = (TIERS.indexOf(store.tier) + step + TIERS.length) % TIERS.length;
      store.setTier(TIERS[next] as Tier);
      group.current?.querySelectorAll('button')[next]?.focus();
    }
  };
  const names: Record<Tier, string> = { spark: trans.__('Fast'), deep: trans.__('Deep') };
  return (
    <div className="jp-Spark-tiers" role="radiogroup" aria-label={trans.__('Tier')} ref={group} onKeyDown={onKeyDown}>
      {TIERS.map(tier => {
        const status = setup.tier(tier);
        return (
          <button
            key={tier}
            role="radio"
            aria-checked={store.tier === tier}
            tabIndex={store.tier === tier ? 0 : -1}
            data-ready={status?.ready}
            title={status ? whoAnswers(status, trans) : undefined}
            onClick={() => store.setTier(tier)}
          >
            {names[tier]}
          </button>
        );
      })}
    </div>
  );
}

/** Who fills a tier, and whether it can answer. */
export function whoAnswers(status: TierStatus, trans: TranslationBundle): string {
  const model = `${status.title}: ${status.model}`;
  return status.ready ? trans.__('%1, ready', model) : `${model}. ${status.problem} ${status.hint}`;
}
