// What a client has shown so far, and waiting for more of it. Not here: how it was read.

/** How long a client may take to resume: its own waiting time included, which the service asks to be up to 3 s. */
const PATIENCE = 20_000;

export class Seen {
  events = [];
  #waiting = new Set();

  /** A client has shown an event. */
  add({ event, id, data }) {
    this.events.push({ event, id: String(id), data: typeof data === "string" ? JSON.parse(data) : data });
    for (const look of this.#waiting) look();
  }

  /** The ids of the notifications that were shown as created. */
  get created() {
    return this.events.filter(({ event }) => event === "notification.created").map(({ data }) => data.notification.id);
  }

  /** The `ready` events. */
  get ready() {
    return this.events.filter(({ event }) => event === "ready");
  }

  /** Waits until the condition holds. */
  until(what, condition) {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!condition(this)) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`${what} did not come, after ${this.events.map(({ event, id }) => `${event} ${id}`)}`));
      }, PATIENCE);
      this.#waiting.add(look);
      look();
    });
  }
}
