/** Completions at the caret: registers Spark with Lab's inline completer. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ICompletionProviderManager } from '@jupyterlab/completer';
import { INotebookTracker } from '@jupyterlab/notebook';
import { sparkIcon } from '../chat/icon';
import { ISpark, ISparkChat } from '../tokens';
import { labPlaces } from './labplaces';
import { SparkInlineProvider } from './provider';

export const completePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-spark-ai:complete',
  description: 'Completions of Spark at the caret.',
  autoStart: true,
  requires: [ISpark, ISparkChat, INotebookTracker],
  optional: [ICompletionProviderManager],
  activate: (
    _app: JupyterFrontEnd,
    spark: ISpark,
    chat: ISparkChat,
    tracker: INotebookTracker,
    manager: ICompletionProviderManager | null
  ) => {
    manager?.registerInlineProvider(
      new SparkInlineProvider({
        completions: spark.completions,
        placeOf: labPlaces(tracker),
        mode: () => spark.options.current.completion,
        tier: () => 'spark', // the fast one: nobody waits for a deep thought in the middle of a line
        tell: problem => {
          // A notification would stand over the composer, where there is a place for such words.
          if (chat.isShown) {
            spark.store.tell(problem);
          } else {
            Notification.warning(problem, { autoClose: 6000 });
          }
        },
        note: problem => {
          const words = problem ? spark.trans.__('completion failed') : spark.trans.__('no completion');
          spark.activity.note(words, problem);
        },
        name: spark.trans.__('Spark'),
        icon: sparkIcon
      })
    );
    // Switched off: what runs ends at once.
    spark.options.watch(() => {
      if (spark.options.current.completion === 'off') {
        spark.completions.stop();
      }
    });
  }
};
