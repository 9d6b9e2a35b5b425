// The real binary, with a directory of its own: started, killed, started again on the same address. Not here: what is
// asked of it.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

export const root = path.resolve(import.meta.dirname, "../..");
const binary = path.join(root, "target/debug/grelot");
const secret = { GRELOT_JWT_SECRET: "0123456789abcdef0123456789abcdef" };

export class Service {
  #place = mkdtempSync(path.join(tmpdir(), "grelot-e2e-"));
  #child;
  #bind = "127.0.0.1:0";
  #env;
  #sent = 0;

  /** Starts a service on an empty database, with these variables beside its own. */
  static async start(env = {}) {
    if (!existsSync(binary)) throw new Error(`${binary} is not built: run cargo build -p grelot`);
    const service = new this();
    service.#env = { ...secret, ...env };
    service.apiKey = service.run("keys", "create", "--name", "e2e");
    await service.start();
    return service;
  }

  /** Starts another on the same database, with the same keys. It has to be one that several may serve. */
  async beside() {
    const service = new this.constructor();
    service.#env = this.#env;
    service.apiKey = this.apiKey;
    await service.start();
    return service;
  }

  get url() {
    return `http://${this.#bind}`;
  }

  /** Runs a command beside the service; returns what it printed. */
  run(...args) {
    const options = { cwd: this.#place, env: this.#env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] };
    return execFileSync(binary, args, options).trim();
  }

  token(user) {
    return this.run("token", "--user", user);
  }

  /** Starts it, where it was before if it was there before. */
  async start() {
    const args = ["serve", "--bind", this.#bind, "--metrics-bind", "off"];
    this.#child = spawn(binary, args, { cwd: this.#place, env: this.#env, stdio: ["ignore", "ignore", "pipe"] });
    const lines = createInterface({ input: this.#child.stderr });
    const said = [];
    this.#bind = await new Promise((resolve, reject) => {
      lines.on("line", (line) => {
        const found = line.match(/listens on http:\/\/([^",]+)/);
        if (found) resolve(found[1]);
        else if (said.length < 20) said.push(line);
      });
      lines.on("close", () => reject(new Error(`it ended instead of starting: ${said.join("\n")}`)));
    });
  }

  /** Ends it as a power cut would. */
  async kill() {
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await gone;
  }

  /** Stops it where it stands, until it is killed. */
  freeze() {
    this.#child.kill("SIGSTOP");
  }

  async stop() {
    await this.kill();
    rmSync(this.#place, { recursive: true });
  }

  /** Sends so many notifications; resolves to their ids. */
  async notify(userId, count) {
    const ids = [];
    for (let number = 0; number < count; number += 1) {
      this.#sent += 1;
      const answer = await fetch(`${this.url}/api/internal/notify`, {
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
