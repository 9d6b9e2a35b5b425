// What a client has shown so far, and waiting for more of it. Not here: how it was read.

import { Watched } from "./watched.js";

/** How long a client may take to resume: its own waiting time included, which the service asks to be up to 3 s. */
const PATIENCE = 20_000;

export class Seen extends Watched {
  events = [];

  /** A client has shown an event. */
  add({ event, id, data }) {
    this.events.push({ event, id: String(id), data: typeof data === "string" ? JSON.parse(data) : data });
    this.changed();
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
    return this.wait(
      what,
      condition,
      PATIENCE,
      () => `, after ${this.events.map(({ event, id }) => `${event} ${id}`)}`,
    );
  }
}
