/** The prompt above a cell's code and the bar below it, as panels of its editor. */

import { StateEffect, StateField, type Extension } from '@codemirror/state';
import { type EditorView, type Panel, showPanel } from '@codemirror/view';
import type { Spot } from './spot';

/** Makes what stands above and below the code of a place. */
export interface IPanels {
  prompt(spot: Spot, view: EditorView): Panel;
  bar(spot: Spot, view: EditorView): Panel;
}

interface IShown {
  spot: Spot;
  panels: IPanels;
  prompt: boolean;
  bar: boolean;
}

const setPanels = StateEffect.define<IShown>();

const field = StateField.define<IShown | null>({
  create: () => null,
  update: (shown, transaction) => {
    for (const effect of transaction.effects) {
      if (effect.is(setPanels)) {
        return effect.value;
      }
    }
    return shown;
  },
  provide: own => [
    showPanel.compute([own], state => {
      const shown = state.field(own);
      return shown?.prompt ? promptOf(shown.spot, shown.panels) : null;
    }),
    showPanel.compute([own], state => {
      const shown = state.field(own);
      return shown?.bar ? barOf(shown.spot, shown.panels) : null;
    })
  ]
});

export const panelsExtension: Extension = field;

/** The effect that shows what a place needs; null if that is shown. */
export function showPanels(view: EditorView, spot: Spot, panels: IPanels): StateEffect<unknown> | null {
  const shown = view.state.field(field, false) ?? null;
  const bar = spot.suggestion?.isOpen === true || spot.word !== '';
  const prompt = spot.isAsking;
  return (shown?.prompt ?? false) === prompt && (shown?.bar ?? false) === bar
    ? null
    : setPanels.of({ spot, panels, prompt, bar });
}

type Make = (view: EditorView) => Panel;
const PROMPTS = new WeakMap<Spot, Make>();
const BARS = new WeakMap<Spot, Make>();

/** CodeMirror keeps a panel as long as its constructor is the same. */
function promptOf(spot: Spot, panels: IPanels): Make {
  return kept(PROMPTS, spot, view => panels.prompt(spot, view));
}

function barOf(spot: Spot, panels: IPanels): Make {
  return kept(BARS, spot, view => panels.bar(spot, view));
}

function kept(all: WeakMap<Spot, Make>, spot: Spot, make: Make): Make {
  const before = all.get(spot);
  if (!before) {
    all.set(spot, make);
  }
  return before ?? make;
}
