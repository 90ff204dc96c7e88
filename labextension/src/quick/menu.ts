/** The menu of what Spark does with a cell at one click: in the cell's toolbar, and in its context menu. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import { Menu } from '@lumino/widgets';
import { sparkIcon } from '../chat/icon';
import type { IQuickInstruction } from './instructions';

const EXPLAINING = ['jupyter-spark:explain-cell', 'jupyter-spark:explain-cell-in-notebook', 'jupyter-spark:fix-cell'];

export function quickMenu(commands: CommandRegistry, trans: TranslationBundle): Menu {
  const menu = new Menu({ commands });
  menu.title.label = trans.__('Spark');
  menu.title.icon = sparkIcon;
  return menu;
}

/** Put the instructions of now into the menu. */
export function fillMenu(menu: Menu, instructions: readonly IQuickInstruction[]): void {
  menu.clearItems();
  for (const one of instructions) {
    menu.addItem({ command: 'jupyter-spark:quick', args: argumentsOf(one) });
  }
  menu.addItem({ type: 'separator' });
  EXPLAINING.forEach(command => menu.addItem({ command }));
  if (menu.commands.hasCommand('settingeditor:open')) {
    menu.addItem({ type: 'separator' });
    menu.addItem({ command: 'jupyter-spark:edit-quick' });
  }
}

export function argumentsOf({ label, instruction, kind }: IQuickInstruction): ReadonlyJSONObject {
  return { label, instruction, kind };
}

/** Open the menu at a cell; the keyboard goes back to where it was when nothing was chosen. */
export function openAt(menu: Menu, cell: HTMLElement): void {
  const button = cell.querySelector<HTMLElement>('[data-jp-item-name="spark-quick"]');
  const shown = button?.offsetParent ? button.getBoundingClientRect() : null;
  const place = cell.getBoundingClientRect();
  const before = document.activeElement;
  const giveBack = (): void => {
    menu.aboutToClose.disconnect(giveBack);
    requestAnimationFrame(() => {
      if (document.activeElement === document.body && before instanceof HTMLElement) {
        before.focus({ preventScroll: true });
      }
    });
  };
  menu.aboutToClose.connect(giveBack);
  menu.open(shown?.left ?? place.right - 200, shown?.bottom ?? Math.max(0, place.top));
}
