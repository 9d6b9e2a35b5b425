// The real binary with a relay: started, killed, started again, and asked as a back end and a user ask it. Not here: the
// relays.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { root } from "../support/service.js";

const binary = path.join(root, "target/debug/grelot");
const PATIENCE = 30_000;

/** Where links lead to: neither is where the service listens, so that a link that took its host from there shows. */
export const APP = "https://app.example.com/desk";
export const PUBLIC = "https://bell.example.com";

export class MailService {
  #place = mkdtempSync(path.join(tmpdir(), "grelot-mail-"));
  #bind = "127.0.0.1:0";
  #child;
  #env;

  static async start(smtpUrl, more = {}) {
    const service = new MailService();
    service.#env = {
      GRELOT_JWT_SECRET: "0123456789abcdef0123456789abcdef",
      GRELOT_SMTP_URL: smtpUrl,
      GRELOT_MAIL_FROM: "Example <bell@example.com>",
      GRELOT_PUBLIC_URL: PUBLIC,
      GRELOT_APP_URL: APP,
      GRELOT_MAIL_CONCURRENCY: "32",
      GRELOT_MAIL_RATE: "2000",
      ...more,
    };
    service.apiKey = service.run("keys", "create", "--name", "e2e");
    await service.start();
    return service;
  }

  run(...args) {
    const options = { cwd: this.#place, env: this.#env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] };
    return execFileSync(binary, args, options).trim();
  }

  /** Starts it, where it was before if it was there before. */
  async start() {
    const args = ["serve", "--bind", this.#bind, "--metrics-bind", "off"];
    this.#child = spawn(binary, args, { cwd: this.#place, env: this.#env, stdio: ["ignore", "ignore", "pipe"] });
    const said = [];
    this.#bind = await new Promise((resolve, reject) => {
      const lines = createInterface({ input: this.#child.stderr });
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

  async stop() {
    await this.kill();
    rmSync(this.#place, { recursive: true });
  }

  /** Where a link of a mail is really answered. */
  here(link) {
    if (!link.startsWith(`${PUBLIC}/`)) throw new Error(`${link} does not lead to the public URL`);
    return `http://${this.#bind}${link.slice(PUBLIC.length)}`;
  }

  /** Asks with the API key, or as a user; resolves to the status and the JSON. */
  async ask(method, where, body, user) {
    const bearer = user ? this.run("token", "--user", user) : this.apiKey;
    const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json" };
    const answer = await fetch(`http://${this.#bind}${where}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, json: text === "" ? null : JSON.parse(text) };
  }

  /** Asks, and is content with nothing but a yes. */
  async tell(method, where, body, user) {
    const { status, json } = await this.ask(method, where, body, user);
    if (status >= 300) throw new Error(`${method} ${where} was answered ${status}: ${JSON.stringify(json)}`);
    return json;
  }

  category(key, more = {}) {
    return this.tell("PUT", `/api/internal/categories/${key}`, { label: { en: key }, email: { mode: "now" }, ...more });
  }

  contact(user, more = {}) {
    return this.tell("PUT", `/api/internal/users/${user}`, { email: `${user}@example.com`, ...more });
  }

  /** Sends one; resolves to what the answer says of it. */
  async notify(user, more = {}) {
    const body = { userId: user, type: "INFO", title: "Invoice ready", ...more };
    return (await this.tell("POST", "/api/internal/notify", body)).notifications[0];
  }

  /** What became of the mail about a notification, when the condition holds for it. */
  async delivery(id, condition) {
    const end = Date.now() + PATIENCE;
    for (;;) {
      const { deliveries } = await this.tell("GET", `/api/internal/notifications/${id}`);
      if (deliveries.length === 1 && condition(deliveries[0])) return deliveries[0];
      if (Date.now() > end) throw new Error(`it stayed ${JSON.stringify(deliveries)}`);
    }
  }
}
