/** Shows in an empty panel what is missing before anybody can answer. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import * as React from 'react';
import { ISpark } from '../tokens';
import { FirstRun } from './view';

export const firstRunPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-spark-ai:first-run',
  description: 'The first steps: the built-in model, or a key.',
  autoStart: true,
  requires: [ISpark],
  activate: (_app: JupyterFrontEnd, spark: ISpark) => {
    const { setup, trans } = spark;
    spark.emptyView = () => (setup.isNeeded ? React.createElement(FirstRun, { setup, trans }) : null);
    setup.changed();
  }
};
