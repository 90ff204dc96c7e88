/** A block of Markdown, rendered by Lab's own parser, sanitizer and math. */

import { type IRenderMimeRegistry, renderMarkdown } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { answerSanitizer, isSafeTex } from './safety';

/** Longer blocks stay as they are: nobody wrote them to be read, and a parser may take minutes over them. */
const MAX_BLOCK_CHARS = 40_000;
const MATH = /\$|\\\(|\\\[|\\begin/;

/** Renders Markdown. */
export interface IMarkdown {
  /** Render into an element that need not be on the page; rejects what it cannot render. */
  render(markdown: string, host: HTMLElement): Promise<void>;
  /** Typeset the math of an element that is on the page. */
  typeset(markdown: string, host: HTMLElement): Promise<void>;
}

export function labMarkdown(rendermime: IRenderMimeRegistry, trans: TranslationBundle): IMarkdown {
  const sanitizer = answerSanitizer(rendermime.sanitizer);
  return {
    async render(markdown, host) {
      if (markdown.length > MAX_BLOCK_CHARS) {
        throw new Error(trans.__('The block is too long to be rendered.'));
      }
      host.classList.add('jp-RenderedMarkdown', 'jp-RenderedHTMLCommon');
      await renderMarkdown({
        host,
        source: markdown,
        trusted: false,
        sanitizer,
        resolver: null,
        linkHandler: null,
        shouldTypeset: false,
        latexTypesetter: null,
        markdownParser: rendermime.markdownParser
      });
      settleLinks(host);
    },
    async typeset(markdown, host) {
      if (rendermime.latexTypesetter && MATH.test(markdown) && isSafeTex(markdown)) {
        await rendermime.latexTypesetter.typeset(host);
      }
    }
  };
}

/** Links leave the notebook where it is; headings have no address in a chat. */
function settleLinks(host: HTMLElement): void {
  host.querySelectorAll('.jp-InternalAnchorLink').forEach(anchor => anchor.remove());
  host.querySelectorAll('a[href]').forEach(anchor => {
    anchor.setAttribute('target', '_blank');
    anchor.setAttribute('rel', 'noopener noreferrer');
  });
}
