/** What tells a cell's text from its earlier ones, as `cell_mark` in `wire_page.py` does. */

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) {
    value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return value >>> 0;
});

/** What tells a cell from its earlier selves: its text and its tags, which may keep it out. */
export function cellMark(source: string, tags: readonly string[]): string {
  return textMark([source, ...tags].join('\0'));
}

/** CRC-32 (ISO 3309) of the text's UTF-8 in hexadecimal, and its size in bytes. */
export function textMark(text: string): string {
  const data = new TextEncoder().encode(text);
  let crc = 0xffffffff;
  for (const byte of data) {
    crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] as number);
  }
  return `${((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0')}-${data.length}`;
}
