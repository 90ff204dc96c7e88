import { chatPlugin } from './chat/plugin';

export default [chatPlugin];
