import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-spark-ai:chat',
  autoStart: true,
  activate: (app: JupyterFrontEnd) => {
    void app;
  }
};

export default [plugin];
