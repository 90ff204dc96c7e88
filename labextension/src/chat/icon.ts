import { LabIcon } from '@jupyterlab/ui-components';

/** A four-pointed spark, in the colour of Lab's other icons. */
export const sparkIcon = new LabIcon({
  name: 'jupyter-spark:spark',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">
  <path class="jp-icon3 jp-icon-selectable" fill="#616161"
    d="M8 1c.5 3.6 2.4 5.900 6.500 7-4.100 1.100-6 3.400-6.500 7-.5-3.600-2.400-5.900-6.500-7C5.600 6.900 7.500 4.600 8 1z"/></svg>`
});
