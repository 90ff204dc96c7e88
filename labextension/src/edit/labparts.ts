/** What edits in cells use of JupyterLab: its colours, its panels' actions, the names of its keys. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { labHighlighters } from '../chat/highlight';
import type { ISpark, ISparkChat } from '../tokens';
import type { Asking } from './asking';
import { barPanel, type IBarActions } from './bar';
import type { CellEdits } from './edits';
import { labKeys } from './island';
import type { Judging } from './judging';
import type { IPanels } from './panels';
import type { FindColours } from './presenter';
import { promptPanel, type IPromptActions } from './prompt';
import { currentHunk, stepTo } from './steps';
import { openOf, readyOf } from './together';
import { whyWords } from './why';

export interface ILabParts {
  app: JupyterFrontEnd;
  spark: ISpark;
  chat: ISparkChat;
  languages: IEditorLanguageRegistry;
  asking: Asking;
  judging: Judging;
  edits: CellEdits;
}

/** The colours of a cell's language. */
export function labColours(languages: IEditorLanguageRegistry): FindColours {
  const find = labHighlighters(languages);
  return mimeType => find(languages.findByMIME(mimeType)?.name ?? 'python');
}

export function labPanels(parts: ILabParts): IPanels {
  const [prompting, barring] = [promptActions(parts), barActions(parts)];
  return {
    prompt: (spot, view) => promptPanel(spot, view, prompting),
    bar: spot => barPanel(spot, barring)
  };
}

function promptActions({ app, spark, judging, edits }: ILabParts): IPromptActions {
  const { trans } = spark;
  return {
    trans,
    runKey: labKeys(app.commands),
    send: (spot, words) => edits.send(spot, words),
    leave: spot => judging.reject(spot),
    acceptAll: spot => judging.acceptAll(readyOf(spot)),
    rejectAll: spot => judging.refuseAll(openOf(spot)),
    recalled: () => edits.said,
    scope: (spot, view) => {
      if (spot.others.length) {
        return trans.__('%1 cells', spot.others.length + 1);
      }
      const { from, to } = view.state.selection.main;
      return from === to ? '' : trans.__('selection');
    }
  };
}

function barActions({ app, spark, chat, asking, judging }: ILabParts): IBarActions {
  const { trans, store } = spark;
  const isMac = navigator.platform.startsWith('Mac');
  return {
    trans,
    runKey: labKeys(app.commands),
    keys: { accept: isMac ? '⌘↵' : 'Ctrl ↵', reject: 'Esc', edit: 'F2' },
    accept: spot => judging.accept(spot),
    reject: spot => judging.reject(spot),
    stop: spot => asking.stop(spot),
    retry: spot => judging.retry(spot),
    why: spot => {
      const notebook = asking.questionOf(spot.suggestion)?.notebook();
      if (!spot.suggestion || notebook === undefined) {
        return;
      }
      if (store.about(notebook).running) {
        spot.tell(trans.__('An answer is on its way in this notebook: ask again when it is there.'));
        return;
      }
      chat.ask();
      store.send({ kind: 'ask', instruction: whyWords(spot.suggestion, trans), notebook, cellId: spot.cellId });
    },
    step: stepTo,
    walk: (spot, by) => judging.walk(spot, by),
    edit: spot => {
      const hunk = currentHunk(spot);
      if (hunk) {
        judging.revise(spot, hunk);
      }
    },
    confine: spot => judging.confine(spot),
    alternatives: spot => judging.alternatives(spot),
    hasQuestion: spot => asking.questionOf(spot.suggestion) !== null,
    hasTurn: spot => asking.turnOf(spot.suggestion) !== null,
    isVaried: spot => asking.makerOf(spot.suggestion) === null,
    canVary: spot => asking.canVary(spot.suggestion)
  };
}
