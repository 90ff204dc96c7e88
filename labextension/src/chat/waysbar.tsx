/** Above an edit that was asked for in several ways: which of them is shown, and the way to the others. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { caretLeftIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { IWay, Ways } from './ways';

export function WaysBar({ ways, trans }: { ways: Ways; trans: TranslationBundle }): React.JSX.Element {
  const offered = ways.offered;
  const index = ways.index;
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by) {
      ways.step(by);
      event.preventDefault();
    }
  };
  const isOne = offered.length < 2;
  return (
    <div className="jp-Spark-ways" role="group" aria-label={trans.__('Alternatives')} onKeyDown={onKeyDown}>
      {!isOne && (
        <button
          type="button"
          className="jp-Spark-quiet"
          aria-label={trans.__('Previous alternative')}
          title={trans.__('Previous alternative (←)')}
          onClick={() => ways.step(-1)}
        >
          <caretLeftIcon.react tag="span" />
        </button>
      )}
      <span className="jp-Spark-waysPlace" role="status">
        {isOne ? trans.__('One way') : trans.__('%1 of %2', index + 1, offered.length)}
      </span>
      {!isOne && (
        <button
          type="button"
          className="jp-Spark-quiet"
          aria-label={trans.__('Next alternative')}
          title={trans.__('Next alternative (→)')}
          onClick={() => ways.step(1)}
        >
          <caretRightIcon.react tag="span" />
        </button>
      )}
      <span className="jp-Spark-waysTold">{told(ways, offered[index], trans)}</span>
    </div>
  );
}

/** How many are still on their way; or how many came to the same, and to nothing. */
function told(ways: Ways, way: IWay | undefined, trans: TranslationBundle): string {
  const left = ways.turns.filter(turn => !turn.ended).length;
  if (left) {
    return trans._n('%1 still comes', '%1 still come', left);
  }
  const parts: string[] = [];
  if (way && way.count > 1) {
    const isAll = way.count === ways.turns.length;
    parts.push(isAll ? trans.__('all %1 came to this', way.count) : trans.__('%1 came to this', way.count));
  }
  const none = ways.turns.filter(turn => !turn.proposal).length;
  if (none && none < ways.turns.length) {
    parts.push(trans._n('%1 came to no code', '%1 came to no code', none));
  }
  return parts.join(' · ');
}
