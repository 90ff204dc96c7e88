import { expect, test } from 'vitest';
import { KeyGuard } from './again';

/** A page that runs a cell with Ctrl+Enter, and a clock. */
function page(): { guard: KeyGuard; wait: (ms: number) => void; press: (repeat?: boolean, key?: string) => boolean } {
  let now = 0;
  const guard = new KeyGuard(
    event => event.key === 'Enter' && event.ctrlKey,
    () => now
  );
  const press = (repeat = false, key = 'Enter'): boolean => {
    let ran = false;
    const run = (): void => void (ran = true);
    document.addEventListener('keydown', run, { capture: true, once: true });
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey: true, repeat, bubbles: true }));
    document.removeEventListener('keydown', run, { capture: true });
    return ran;
  };
  return { guard, press, wait: ms => void (now += ms) };
}

test('a second press right after the first is nobody’s', () => {
  const { guard, press, wait } = page();
  expect(press()).toBe(true);
  guard.arm();
  wait(300);
  expect(press()).toBe(false);
  expect(press(false, 'x')).toBe(true);
  wait(300);
  expect(press()).toBe(true);
});

test('a key that is held down is swallowed until it is let go', () => {
  const { guard, press, wait } = page();
  guard.arm();
  wait(2000);
  expect(press(true)).toBe(false);
  wait(2000);
  expect(press(true)).toBe(false);
  expect(press()).toBe(true); // pressed anew
  expect(press(true)).toBe(true);
});
