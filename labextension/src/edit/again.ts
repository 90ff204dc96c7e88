/** A key that is pressed twice out of habit: the second press must not do what the key does where nothing is left. */

import { CommandRegistry } from '@lumino/commands';

/** A second press within this was not made for what the first one has brought. */
const QUIET_MS = 500;

/** Whether a key is one that the user has bound to a command. */
export function isKeyOf(commands: CommandRegistry, command: string): (event: KeyboardEvent) => boolean {
  return event => {
    const stroke = CommandRegistry.keystrokeForKeydownEvent(event);
    return commands.keyBindings.some(one => one.command === command && one.keys.length === 1 && one.keys[0] === stroke);
  };
}

/** Swallows a key for a moment after it has done its work, and for as long as it is held down. */
export class KeyGuard {
  constructor(
    private readonly _isKey: (event: KeyboardEvent) => boolean,
    private readonly _now: () => number = () => performance.now()
  ) {
    // Before anybody else hears of it: Lab listens at the document.
    window.addEventListener('keydown', event => this._onKey(event), true);
  }

  /** The key has done its work. */
  arm(): void {
    this._until = this._now() + QUIET_MS;
    this._isHeld = true;
  }

  private _onKey(event: KeyboardEvent): void {
    if (!this._isKey(event)) {
      return;
    }
    const isEarly = this._now() < this._until;
    this._isHeld = this._isHeld && (event.repeat || isEarly);
    if (isEarly || this._isHeld) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }

  private _until = -Infinity;
  private _isHeld = false;
}
