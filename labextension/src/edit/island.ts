/** Controls inside of a cell: the notebook would take the keyboard from them, and take their keys for its own. */

import { CommandRegistry } from '@lumino/commands';

/** Runs the command that a key is bound to, if it counts here; false if none does. */
export type RunKey = (event: KeyboardEvent) => boolean;

/** Keep an element's keys and focus from the notebook around it. Keys of our own commands, and of the whole page's, work there. */
export function asIsland(element: HTMLElement, runKey: RunKey): void {
  element.addEventListener('focusin', event => {
    // Lab's own attribute: no shortcut of the page counts here. Notebook 7 looks for shortcuts before the key comes down
    // to here, and for those of the element that has the keyboard first, so that it must say so itself.
    (event.target as HTMLElement).dataset.lmSuppressShortcuts = 'true';
    event.stopPropagation();
  });
  element.addEventListener('keydown', event => {
    if (!event.defaultPrevented && runKey(event)) {
      event.preventDefault();
    }
    event.stopPropagation();
  });
}

/** The keys that the user has bound to our commands, and those that count everywhere in the page (the palette, saving). */
export function labKeys(commands: CommandRegistry): RunKey {
  return event => {
    const stroke = CommandRegistry.keystrokeForKeydownEvent(event);
    const bound = commands.keyBindings.filter(({ keys }) => keys.length === 1 && keys[0] === stroke);
    const found =
      bound.find(({ command }) => command.startsWith('jupyter-spark:')) ??
      bound.find(({ selector }) => selector === 'body');
    if (!found || !commands.isEnabled(found.command, found.args)) {
      return false;
    }
    void commands.execute(found.command, found.args);
    return true;
  };
}
