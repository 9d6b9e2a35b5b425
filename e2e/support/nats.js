// A NATS server of one test, which may be killed and started again. Its address stays. The program is that of the search path,
// else the one that `scripts/test` installs. Not here: Grelot on it.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "./port.js";

const NAME = "nats-server";
const installed = path.resolve(import.meta.dirname, "../../.cache/venv/bin", NAME);

export class Nats {
  #port;
  #child;
  #made = 0;

  /** A server that keeps nothing, and that anyone on this machine may use. */
  static async start() {
    const server = new Nats();
    server.#port = await freePort();
    await server.start();
    return server;
  }

  /** An address that nobody else's hints go by. */
  fresh() {
    this.#made += 1;
    return `nats://127.0.0.1:${this.#port}?prefix=fresh-${this.#made}`;
  }

  /** Starts it, where it was before; it takes connections when this resolves. */
  async start() {
    const args = ["-a", "127.0.0.1", "-p", String(this.#port)];
    this.#child = spawn(program(), args, { stdio: ["ignore", "ignore", "pipe"] });
    const said = [];
    await new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      const lines = createInterface({ input: this.#child.stderr });
      lines.on("line", (line) => {
        if (said.length < 20) said.push(line);
        if (line.includes("Server is ready")) resolve();
      });
      lines.on("close", () => reject(new Error(`NATS does not start: ${said.join("\n")}`)));
    });
  }

  /** Ends it without a word to its clients. */
  async kill() {
    const child = this.#child;
    this.#child = undefined;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  /** It has ended, whether it had before or not. */
  async stop() {
    if (this.#child) await this.kill();
  }
}

function program() {
  const places = (process.env.PATH ?? "").split(path.delimiter).map((folder) => path.join(folder, NAME));
  const found = [...places, installed].find((place) => existsSync(place));
  if (!found) throw new Error(`the tests need ${NAME}: scripts/test installs it, or put one into the search path`);
  return found;
}
