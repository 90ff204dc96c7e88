import { defineConfig } from 'vitest/config';

/** What Lab's own shared cells make Yjs say whenever a cell is created. */
const KNOWN = /Not same Y\.Doc|Invalid access: Add Yjs type to a document/;

export default defineConfig({
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    onConsoleLog: log => !KNOWN.test(log)
  }
});
