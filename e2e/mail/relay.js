// A relay that others wrote (npm `smtp-server`), which keeps what it took and can be told to refuse, to cut and to hold.
// Not here: what is in the mails (`letters.js`).

import { once } from "node:events";
import { SMTPServer } from "smtp-server";
import { Watched } from "../support/watched.js";

/** How long a mail may take, the first wait after a failure (11 s) included. */
const PATIENCE = 60_000;

/** An answer of the relay that is no. */
export const answer = (code, text) => Object.assign(new Error(text), { responseCode: code });

export class Relay extends Watched {
  /** What was taken: `{ from, to: [addresses], bytes, user }`, in order. */
  taken = [];
  /** Every message that came as far as its end, taken or not. */
  seen = [];
  /** Called with each message; an error that it throws is the answer, and `"cut"` ends the connection without one. */
  onMessage = async () => {};
  /** Called with each recipient; what it gives or resolves to is the answer, if that is an error. */
  onRecipient = () => {};
  /** Called with each connection, before the greeting. */
  onConnection = () => {};
  #server;

  static async start({ port = 0, ...options } = {}) {
    const relay = new Relay();
    relay.#server = new SMTPServer({
      logger: false,
      authOptional: true,
      disabledCommands: options.key ? [] : ["AUTH", "STARTTLS"],
      onConnect: (_session, done) => Promise.resolve(relay.onConnection()).then(done),
      onRcptTo: ({ address }, _session, done) => Promise.resolve(relay.onRecipient(address)).then(done),
      onData: (stream, session, done) => relay.#take(stream, session).then(() => done(null, "kept"), done),
      ...options,
    });
    // Connections that clients cut are a part of the tests.
    relay.#server.on("error", () => {});
    relay.#server.listen(port, "127.0.0.1");
    await once(relay.#server.server, "listening");
    return relay;
  }

  get port() {
    return this.#server.server.address().port;
  }

  async #take(stream, session) {
    const parts = [];
    for await (const part of stream) parts.push(part);
    const { mailFrom, rcptTo } = session.envelope;
    const to = rcptTo.map(({ address }) => address);
    const mail = {
      from: mailFrom.address,
      to,
      bytes: Buffer.concat(parts),
      user: session.user,
      secure: session.secure,
    };
    this.seen.push(mail);
    this.changed();
    if ((await this.onMessage(mail, this.seen.length)) === "cut") {
      for (const connection of this.#server.connections) {
        if (connection.session === session) connection._socket.destroy();
      }
      return new Promise(() => {});
    }
    this.taken.push(mail);
    this.changed();
  }

  /** Waits until the relay has seen what it is asked for. */
  until(what, condition) {
    return this.wait(what, condition, PATIENCE, () => `: ${this.seen.length} seen, ${this.taken.length} taken`);
  }

  stop() {
    for (const connection of this.#server.connections) connection._socket.destroy();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}
