/** The sidebar chat: adapts the panel to JupyterLab, and nothing more. */

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry, MimeModel } from '@jupyterlab/rendermime';
import { FileCandidates } from '../context/candidates';
import { ISpark, ISparkChat } from '../tokens';
import type { RenderBlock } from './answer';
import { ChatPanel } from './panel';

export const chatPlugin: JupyterFrontEndPlugin<ISparkChat> = {
  id: 'jupyter-spark-ai:chat',
  description: 'The sidebar chat.',
  autoStart: true,
  provides: ISparkChat,
  requires: [ISpark, IRenderMimeRegistry],
  optional: [ILayoutRestorer],
  activate
};

function activate(
  app: JupyterFrontEnd,
  spark: ISpark,
  rendermime: IRenderMimeRegistry,
  restorer: ILayoutRestorer | null
): ISparkChat {
  const files = new FileCandidates(app.serviceManager.contents);
  const panel = new ChatPanel({ spark, files, commands: app.commands, renderBlock: blockRenderer(rendermime) });
  app.shell.add(panel, 'right', { rank: 500 });
  restorer?.add(panel, panel.id);
  return {
    ask: words => {
      app.shell.activateById(panel.id);
      panel.write(words);
    },
    toggle: () => {
      if (panel.isVisible) {
        // Lab's shell and Notebook's have it; it is in no common interface.
        (app.shell as { collapseRight?: () => void }).collapseRight?.();
      } else {
        app.shell.activateById(panel.id);
      }
    }
  };
}

/** Lab's own renderer for a block of Markdown: its sanitizer, its highlighting, its math. */
function blockRenderer(rendermime: IRenderMimeRegistry): RenderBlock {
  return async (markdown, host) => {
    const renderer = rendermime.createRenderer('text/markdown');
    host.append(renderer.node);
    await renderer.renderModel(new MimeModel({ data: { 'text/markdown': markdown }, trusted: false }));
  };
}
