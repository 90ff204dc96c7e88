/** The status bar: what Spark does now. Where there is no status bar, as in Notebook 7, there is no item. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ISpark } from '../tokens';
import { StatusItem } from './item';

export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-spark-ai:status',
  description: 'What Spark does now, in the status bar.',
  autoStart: true,
  requires: [ISpark],
  optional: [IStatusBar],
  activate: (_app: JupyterFrontEnd, spark: ISpark, bar: IStatusBar | null) => {
    bar?.registerStatusItem('jupyter-spark-ai:status', { item: new StatusItem(spark), align: 'right', rank: 90 });
  }
};
