/** What can be done with a block of code in an answer. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { addBelowIcon, copyIcon, pasteIcon } from '@jupyterlab/ui-components';
import { type IEditableNotebook, writeCell } from './cells';
import type { ICodeAction } from './codeblock';

/** Copy it; put it below the active cell, or into it. */
export function codeActions(
  current: () => IEditableNotebook | null,
  isSameLanguage: (info: string, language: string) => boolean,
  copy: (text: string) => void,
  trans: TranslationBundle
): ICodeAction[] {
  const fits = (info: string): boolean => {
    const notebook = current();
    return notebook !== null && isSameLanguage(info, notebook.language);
  };
  return [
    {
      label: trans.__('Copy'),
      icon: () => copyIcon.element({ tag: 'span' }),
      isOffered: () => true,
      run: code => {
        copy(code);
        return trans.__('Copied');
      }
    },
    {
      label: trans.__('Insert below'),
      icon: () => addBelowIcon.element({ tag: 'span' }),
      isOffered: fits,
      run: code => {
        const notebook = current();
        notebook?.insert(Math.max(notebook.active, 0) + 1, code);
        return notebook ? trans.__('Inserted') : trans.__('The notebook is closed');
      }
    },
    {
      label: trans.__('Replace cell'),
      icon: () => pasteIcon.element({ tag: 'span' }),
      isOffered: fits,
      run: code => {
        const notebook = current();
        const cell = notebook?.cells[notebook.active];
        if (!cell || cell.cell_type !== 'code') {
          return trans.__('Choose a code cell first');
        }
        writeCell(notebook, cell.id, cell.getSource(), code);
        return trans.__('Replaced; Ctrl+Z in the cell takes it back');
      }
    }
  ];
}
