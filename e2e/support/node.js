// One process of the real binary: started, killed, started again on the same address. Not here: what several of them are together
// (`service`).

import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { setImmediate as turn } from "node:timers/promises";

export const root = path.resolve(import.meta.dirname, "../..");
export const binary = path.join(root, "target/debug/grelot");

/** How many of its last lines a failure shows. */
const LINES = 20;

export class Node {
  #options;
  #bind = "127.0.0.1:0";
  #child;
  #ended;
  #said = [];
  #stands = false;

  /** One that will run in this directory, with these variables. */
  constructor(cwd, env) {
    if (!existsSync(binary)) throw new Error(`${binary} is not built: run cargo build -p grelot`);
    this.#options = { cwd, env, stdio: ["ignore", "ignore", "pipe"] };
  }

  get url() {
    return `http://${this.#bind}`;
  }

  /** Whether it is there, and does not stand still: what a proxy knows from asking now and then. */
  get runs() {
    return this.#child !== undefined && !this.#stands;
  }

  /** Starts it, where it was before if it was there before. */
  async start() {
    const child = spawn(binary, ["serve", "--bind", this.#bind, "--metrics-bind", "off"], this.#options);
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
    this.#said = [];
    this.#stands = false;
    const lines = createInterface({ input: child.stderr });
    this.#bind = await new Promise((resolve, reject) => {
      lines.on("line", (line) => {
        const found = line.match(/listens on http:\/\/([^",]+)/);
        if (found) resolve(found[1]);
        if (this.#said.push(line) > LINES) this.#said.shift();
      });
      lines.on("close", () => reject(new Error(`it ended instead of starting: ${this.#said.join("\n")}`)));
    });
  }

  /** Ends it as a power cut would. */
  async kill() {
    const child = this.#child;
    this.#child = undefined;
    const how = child.exitCode ?? child.signalCode;
    if (how !== null) throw new Error(`it had ended by itself (${how}): ${this.#said.join("\n")}`);
    child.kill("SIGKILL");
    await this.#ended;
  }

  /** Ends it as an operator does: it finishes what it has begun, and takes leave of its streams. */
  async end() {
    const child = this.#child;
    this.#child = undefined;
    child.kill("SIGTERM");
    const how = await this.#ended;
    if (how !== 0) throw new Error(`it ended badly (${how}): ${this.#said.join("\n")}`);
  }

  /** Stops it where it stands, until it is killed. A signal only asks for that: it is over when all its threads stand. */
  async freeze() {
    this.#stands = true;
    this.#child.kill("SIGSTOP");
    const threads = `/proc/${this.#child.pid}/task`;
    const stands = (thread) => /\) T /.test(readFileSync(`${threads}/${thread}/stat`, "utf8"));
    while (!readdirSync(threads).every(stands)) await turn();
  }

  /** It has ended, whether it had before or not. */
  async stop() {
    if (this.#child) await this.kill();
  }
}
