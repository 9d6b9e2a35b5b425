// A PostgreSQL server of one test, made from the one that the system has installed. Not here: Grelot on it.

import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "./port.js";

const asRoot = process.getuid() === 0;

export class Postgres {
  #place = mkdtempSync(path.join(tmpdir(), "grelot-postgres-"));
  #child;
  #port;
  #made = 0;

  /** Makes a cluster, in another time zone than UTC, and starts its server. */
  static async start() {
    const server = new this();
    await server.#make();
    return server;
  }

  /** The address of a database of it. */
  url(database = "postgres") {
    return `postgresql://postgres@127.0.0.1:${this.#port}/${database}`;
  }

  /** Makes an empty database; returns its address. */
  fresh() {
    this.#made += 1;
    const name = `fresh_${this.#made}`;
    this.run(`CREATE DATABASE ${name}`);
    return this.url(name);
  }

  /** Runs statements as another program would; returns what they answer, one row a line. */
  run(sql, database = "postgres") {
    return this.#psql(database, "-c", sql);
  }

  /** The same, of a file. */
  runFile(file, database = "postgres") {
    return this.#psql(database, "-1", "-f", file);
  }

  #psql(database, ...more) {
    const args = ["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", this.url(database), ...more];
    return execFileSync(program("psql"), args, { encoding: "utf8" }).trim();
  }

  async stop() {
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGQUIT");
    await gone;
    rmSync(this.#place, { recursive: true });
  }

  async #make() {
    const data = path.join(this.#place, "data");
    if (asRoot) {
      const [user, group] = ["-u", "-g"].map((which) => Number(execFileSync("id", [which, "postgres"])));
      chownSync(this.#place, user, group);
    }
    const cluster = ["-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"];
    execFileSync(...asServer("initdb", cluster), { stdio: "pipe" });
    this.#port = await freePort();
    const settings = [
      `port = ${this.#port}`,
      "listen_addresses = '127.0.0.1'",
      `unix_socket_directories = '${this.#place}'`,
      "timezone = 'America/New_York'",
    ];
    appendFileSync(path.join(data, "postgresql.conf"), `${settings.join("\n")}\n`);
    this.#child = spawn(...asServer("postgres", ["-D", data]), { stdio: ["ignore", "ignore", "pipe"] });
    const said = [];
    await new Promise((resolve, reject) => {
      const lines = createInterface({ input: this.#child.stderr });
      lines.on("line", (line) => {
        if (said.length < 20) said.push(line);
        if (line.includes("ready to accept connections")) resolve();
      });
      lines.on("close", () => reject(new Error(`PostgreSQL does not start: ${said.join("\n")}`)));
    });
  }
}

/** The server refuses to run as root. */
function asServer(name, args) {
  if (!asRoot) return [program(name), args];
  const user = ["--reuid=postgres", "--regid=postgres", "--init-groups", "--pdeathsig=KILL", "--"];
  return ["setpriv", [...user, program(name), ...args]];
}

/** Where Debian puts the newest version, which is in no search path; else wherever the path leads. */
function program(name) {
  const place = "/usr/lib/postgresql";
  const versions = existsSync(place) ? readdirSync(place).sort((one, other) => Number(other) - Number(one)) : [];
  const found = versions.map((version) => path.join(place, version, "bin", name)).find(existsSync);
  return found ?? name;
}
