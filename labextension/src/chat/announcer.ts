/** Tells a screen reader of an answer block by block: a token at a time would never let it finish a word. */

/** Older blocks were read, or never will be. */
const KEPT = 12;

export class Announcer {
  constructor() {
    this.element = document.createElement('div');
    this.element.className = 'jp-Spark-unseen';
    this.element.setAttribute('aria-live', 'polite');
    this.element.setAttribute('aria-relevant', 'additions');
  }

  readonly element: HTMLElement;

  say(words: string): void {
    const text = words.trim();
    if (!text) {
      return;
    }
    const line = document.createElement('p');
    line.textContent = text;
    this.element.append(line);
    while (this.element.childElementCount > KEPT) {
      this.element.firstElementChild?.remove();
    }
  }
}
