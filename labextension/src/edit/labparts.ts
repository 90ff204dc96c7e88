/** What edits in cells use of JupyterLab: its colours, its panels' actions, the names of its keys. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { labHighlighters } from '../chat/highlight';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IEditMaker, ISpark, ISparkChat } from '../tokens';
import type { Asking } from './asking';
import { barPanel, type IBarActions } from './bar';
import type { CellEdits } from './edits';
import { labKeys } from './island';
import type { Judging } from './judging';
import type { IPanels } from './panels';
import type { FindColours } from './presenter';
import { promptPanel, type IPromptActions } from './prompt';
import { stepTo } from './steps';

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
    keys: { accept: isMac ? '⌘↵' : 'Ctrl ↵', reject: 'Esc' },
    accept: spot => judging.accept(spot),
    reject: spot => judging.reject(spot),
    stop: spot => asking.stop(spot),
    retry: spot => judging.retry(spot),
    why: spot => {
      const question = asking.questionOf(spot.suggestion);
      chat.ask();
      store.send({
        kind: 'ask',
        instruction: whyOf(asking.makerOf(spot.suggestion), trans),
        notebook: question?.notebook(),
        extras: { cell_id: spot.cellId }
      });
    },
    step: stepTo,
    hasTurn: spot => asking.turnOf(spot.suggestion) !== null
  };
}

/** The chat knows of its own turns; of another one it is told what was proposed. */
function whyOf(maker: IEditMaker | null, trans: TranslationBundle): string {
  const code = maker?.turn.proposal?.edit.new_source;
  return code === undefined
    ? trans.__('Why this change? Explain what you changed in the cell, and what it is good for.')
    : trans.__('Why this change of the cell? Explain what is changed, and what it is good for.') +
        `\n\n\`\`\`python\n${code}\n\`\`\``;
}
