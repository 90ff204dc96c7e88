import { commandsPlugin } from './chat/commands';
import { corePlugin } from './chat/core';
import { chatPlugin } from './chat/plugin';
import { completePlugin } from './complete/plugin';
import { editPlugin } from './edit/plugin';
import { fixPlugin } from './fix/plugin';
import { firstRunPlugin } from './firstrun/plugin';
import { magicPlugin } from './magic/plugin';
import { quickPlugin } from './quick/plugin';
import { refactorPlugin } from './refactor/plugin';
import { settingsPlugin } from './settings/plugin';
import { statusPlugin } from './status/plugin';

export default [
  corePlugin,
  chatPlugin,
  commandsPlugin,
  editPlugin,
  fixPlugin,
  quickPlugin,
  refactorPlugin,
  firstRunPlugin,
  magicPlugin,
  settingsPlugin,
  completePlugin,
  statusPlugin
];
