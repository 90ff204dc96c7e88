/** Controls inside of a cell: the notebook would take the keyboard from them, and take their keys for its own. */

import { CommandRegistry } from '@lumino/commands';

/** Runs one of our commands if a key is bound to it; false if none is. */
export type RunKey = (event: KeyboardEvent) => boolean;

/** Keep an element's keys and focus from the notebook around it. Keys of our own commands work there, too. */
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

/** The keys that the user has bound to our commands. */
export function labKeys(commands: CommandRegistry): RunKey {
  return event => {
    const stroke = CommandRegistry.keystrokeForKeydownEvent(event);
    const found = commands.keyBindings.find(
      ({ command, keys }) => command.startsWith('jupyter-spark:') && keys.length === 1 && keys[0] === stroke
    );
    if (!found || !commands.isEnabled(found.command)) {
      return false;
    }
    void commands.execute(found.command);
    return true;
  };
}
