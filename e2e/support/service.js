// A service as a back end and its users see it: one process of the real binary, or two on one database. Of two, one takes what back
// ends ask and the other what users ask, so that whatever a user sees of a notification has gone from node to node. Not here: the
// process (`node`), what is asked of it.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { binary, Node } from "./node.js";

export { root } from "./node.js";

const secret = { GRELOT_JWT_SECRET: "0123456789abcdef0123456789abcdef" };

export class Service {
  /** Its processes: back ends ask the first that runs, users the last. */
  nodes = [];
  #place = mkdtempSync(path.join(tmpdir(), "grelot-e2e-"));
  #env;
  #sent = 0;

  /** Starts a service on an empty database, with these variables beside its own. Several nodes need one that several may serve. */
  static async start({ env = {}, nodes = 1 } = {}) {
    const service = new this();
    service.#env = { ...secret, ...env };
    for (let number = 0; number < nodes; number += 1) {
      service.nodes.push(new Node(service.#place, service.#env));
    }
    try {
      service.apiKey = service.run("keys", "create", "--name", "e2e");
      await service.start();
    } catch (error) {
      await service.stop();
      throw error;
    }
    return service;
  }

  /** Where users ask. */
  get url() {
    return (this.nodes.findLast(({ runs }) => runs) ?? this.nodes.at(-1)).url;
  }

  /** Where back ends ask. */
  get internalUrl() {
    return (this.nodes.find(({ runs }) => runs) ?? this.nodes[0]).url;
  }

  /** Runs a command beside the service; returns what it printed. */
  run(...args) {
    const options = { cwd: this.#place, env: this.#env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] };
    return execFileSync(binary, args, options).trim();
  }

  token(user) {
    return this.run("token", "--user", user);
  }

  /** Starts each node, where it was before if it was there before. */
  async start() {
    await Promise.all(this.nodes.map((node) => node.start()));
  }

  /** Ends each node as a power cut would. */
  async kill() {
    await Promise.all(this.nodes.map((node) => node.kill()));
  }

  /** Each node has ended, whether it had before or not, and nothing is left. */
  async stop() {
    const ends = await Promise.allSettled(this.nodes.map((node) => node.stop()));
    rmSync(this.#place, { recursive: true });
    for (const { reason } of ends) if (reason) throw reason;
  }

  /** Sends so many notifications; resolves to their ids. */
  async notify(userId, count) {
    const ids = [];
    for (let number = 0; number < count; number += 1) {
      this.#sent += 1;
      const answer = await fetch(`${this.internalUrl}/api/internal/notify`, {
        method: "POST",
        headers: { authorization: `Bearer ${this.apiKey}`, "content-type": "application/json" },
        body: JSON.stringify({ userId, type: "INFO", title: `Notification ${this.#sent} \u2028 é 🔔` }),
      });
      if (answer.status !== 201) throw new Error(`notify was answered ${answer.status}`);
      ids.push((await answer.json()).notifications[0].id);
    }
    return ids;
  }
}
