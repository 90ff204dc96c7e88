/** Reads the settings that the user keeps in Lab's settings editor. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ISpark } from '../tokens';

const PLUGIN_ID = 'jupyter-spark-ai:settings';

export const settingsPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'The settings of Spark, its shortcuts and its place in menus.',
  autoStart: true,
  requires: [ISpark],
  optional: [ISettingRegistry],
  activate: async (_app: JupyterFrontEnd, spark: ISpark, registry: ISettingRegistry | null) => {
    if (!registry) {
      return;
    }
    const settings = await registry.load(PLUGIN_ID);
    const take = (): void => spark.options.set(settings.composite);
    settings.changed.connect(take);
    take();
    spark.store.setTier(spark.options.current.defaultTier);
  }
};
