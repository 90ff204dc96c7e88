/** What page and server call a notebook: its path below the server's root. */

/** The drive that jupyter-collaboration gave to shared documents in its earlier versions. */
const SHARED_DRIVE = 'RTC:';

/** The name of a notebook by its path in the page, which may have the drive of shared documents before it. */
export function notebookName(path: string): string {
  return path.startsWith(SHARED_DRIVE) ? path.slice(SHARED_DRIVE.length) : path;
}
