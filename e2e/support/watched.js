// Something that changes, and waiting for what it comes to. Not here: what changes.

export class Watched {
  #waiting = new Set();

  /** It has changed. */
  changed() {
    for (const look of this.#waiting) look();
  }

  /** Waits until the condition holds; `patience` later it fails, with what is told then. */
  wait(what, condition, patience, told) {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!condition(this)) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`${what} did not come${told()}`));
      }, patience);
      this.#waiting.add(look);
      look();
    });
  }
}
