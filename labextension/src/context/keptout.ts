/** Cells of which nothing is sent; the server refuses them as well. */

const IGNORE_TAG = 'spark-ignore';
const IGNORE_LINE = /^\s*(?:#|<!--|\/\/|--)+\s*spark-ignore\b/i;

/** Whether a cell says that it is kept out: by a tag, or by a comment in its first line. */
export function isKeptOut(source: string, tags: readonly string[]): boolean {
  return tags.includes(IGNORE_TAG) || IGNORE_LINE.test(source);
}

/** The tags that a cell's metadata holds. */
export function tagsOf(cell: { getMetadata(key: string): unknown }): string[] {
  const tags = cell.getMetadata('tags');
  return Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === 'string') : [];
}
