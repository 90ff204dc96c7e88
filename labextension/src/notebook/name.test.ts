import { expect, test } from 'vitest';
import { notebookName } from './name';

test('a shared notebook has the name that the server knows, one of another drive keeps its own', () => {
  expect(notebookName('a/b.ipynb')).toBe('a/b.ipynb');
  expect(notebookName('RTC:a/b.ipynb')).toBe('a/b.ipynb');
  expect(notebookName('s3:a/b.ipynb')).toBe('s3:a/b.ipynb');
});
