/** Code in the colours of Lab's editor, while it arrives: what is coloured already is not drawn again. */

import { type IEditorLanguageRegistry, jupyterHighlightStyle } from '@jupyterlab/codemirror';
import { type Parser, type Tree, TreeFragment } from '@lezer/common';
import { highlightTree } from '@lezer/highlight';

/** From, to, and the classes between them. */
export type Token = [from: number, to: number, classes: string];

/** Finds the tokens of a text that grows at its end. */
export interface IHighlighter {
  /** The tokens that begin at or after a position. */
  tokens(text: string, from: number): Token[];
}

/** Finds what colours a language; null for one that Lab does not know. */
export type FindHighlighter = (info: string) => Promise<(() => IHighlighter) | null>;

class TreeHighlighter implements IHighlighter {
  constructor(private readonly _parser: Parser) {}

  tokens(text: string, from: number): Token[] {
    const fragments = this._tree ? growth(this._tree, text.length) : [];
    this._tree = this._parser.parse(text, fragments);
    const found: Token[] = [];
    highlightTree(this._tree, jupyterHighlightStyle, (start, end, classes) => found.push([start, end, classes]), from);
    return found;
  }

  private _tree: Tree | null = null;
}

/** What of an earlier tree can be kept when text was added at its end. */
function growth(tree: Tree, length: number): readonly TreeFragment[] {
  const change = { fromA: tree.length, toA: tree.length, fromB: tree.length, toB: length };
  return TreeFragment.applyChanges(TreeFragment.addTree(tree, [], true), [change]);
}

/** The languages of Lab's editor. */
export function labHighlighters(languages: IEditorLanguageRegistry): FindHighlighter {
  return async info => {
    const name = info.split(/[\s{,]/)[0] ?? '';
    const found = name ? (languages.findBest(name, false) ?? languages.findByExtension(name)) : null;
    const language = found ? await languages.getLanguage(found) : null;
    const parser = language?.support?.language.parser;
    return parser ? () => new TreeHighlighter(parser) : null;
  };
}
