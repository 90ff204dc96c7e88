/**
 * What of a model's Markdown may stand on the page.
 *
 * A model repeats what it read, and that may be hostile. Lab's sanitizer, made for outputs that the user ran, lets
 * images, styles and forms through; in an answer nothing may fetch, look like a part of Lab, or do anything.
 */

import type { IRenderMime } from '@jupyterlab/rendermime';

const TAGS =
  'a abbr b blockquote br caption code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img input ins kbd li mark ol p pre ' +
  's samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var';
const CELL = ['align', 'colspan', 'rowspan'];
const OPTIONS: IRenderMime.ISanitizerOptions = {
  allowedTags: TAGS.split(' '),
  allowedAttributes: {
    a: ['href', 'title'],
    abbr: ['title'],
    code: ['class'],
    details: ['open'],
    img: ['src', 'alt'],
    input: ['type', 'checked'],
    ol: ['start'],
    span: ['class'],
    td: CELL,
    th: CELL
  },
  allowedStyles: {}
};

/** The classes of highlighted code, as Lab's Markdown parser writes them; no other class comes through. */
const CODE_CLASS = /^(?:language-[\w+#.-]+|ͼ\w+|tok-\w+)$/;
const LINK = /^(?:https?:|mailto:)/i;

/** TeX that would make links, styles or attributes, or load more of MathJax. */
const UNSAFE_TEX =
  /\\(?:href|url|style|class|cssId|data|html|require|unicode|bbox|includegraphics|mmlToken|texttip|toggle)/i;

/** Lab's sanitizer, stricter. */
export function answerSanitizer(lab: IRenderMime.ISanitizer): IRenderMime.ISanitizer {
  return { sanitize: dirty => calm(lab.sanitize(dirty, OPTIONS)) };
}

/** Whether MathJax may be let at a text. */
export function isSafeTex(text: string): boolean {
  return !UNSAFE_TEX.test(text);
}

/** What `calm` looks at; most blocks have none of it. */
const RESTLESS = /<(?:img|input)|\s(?:class|href)=/i;

/** Take from sanitized HTML what would fetch or mislead. A template's content is inert: nothing in it loads. */
function calm(html: string): string {
  if (!RESTLESS.test(html)) {
    return html;
  }
  const template = document.createElement('template');
  template.innerHTML = html;
  const content = template.content;
  content.querySelectorAll('img').forEach(image => image.replaceWith(asLink(image)));
  content.querySelectorAll('input').forEach(box => {
    box.replaceWith(box.type === 'checkbox' ? (box.hasAttribute('checked') ? '☑ ' : '☐ ') : '');
  });
  content.querySelectorAll('[class]').forEach(element => {
    const kept = element.closest('pre, code') ? [...element.classList].filter(name => CODE_CLASS.test(name)) : [];
    element.setAttribute('class', kept.join(' '));
  });
  content.querySelectorAll('a[href]').forEach(link => {
    if (!LINK.test(link.getAttribute('href')?.trim() ?? '')) {
      link.removeAttribute('href');
    }
  });
  return template.innerHTML;
}

/** A picture would be fetched, and so tell its server that the answer was read: the reader may follow a link instead. */
function asLink(image: HTMLImageElement): Node {
  const source = image.getAttribute('src')?.trim() ?? '';
  const label = image.alt || 'image';
  if (!LINK.test(source)) {
    return document.createTextNode(label);
  }
  const link = document.createElement('a');
  link.setAttribute('href', source);
  link.textContent = `${label} (${source})`;
  return link;
}
