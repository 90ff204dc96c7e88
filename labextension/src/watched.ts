/** Something that tells its watchers when it has changed. */
export class Watched {
  /** Call `changed` at every change, until the function returned is called. */
  watch(changed: () => void): () => void {
    this._watchers.add(changed);
    return () => this._watchers.delete(changed);
  }

  changed(): void {
    this._watchers.forEach(changed => changed());
  }

  private readonly _watchers = new Set<() => void>();
}
