// The relay of PyPI's aiosmtpd, as a program of its own. Not here: the program (`aiosmtpd_relay.py`).

import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../support/port.js";
import { root } from "../support/service.js";

/** Starts it; resolves to its port, and to its end, by which `taken` has all that it took. */
export async function aiosmtpd() {
  const python = path.join(root, ".cache/venv/bin/python");
  // Port 0 would be asked for by the probe of its own start: it takes a number.
  const port = await freePort();
  const script = path.join(import.meta.dirname, "aiosmtpd_relay.py");
  const child = spawn(python, [script, String(port)], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  if ((await lines.next()).done) throw new Error("aiosmtpd did not start");
  const taken = [];
  const stop = async () => {
    child.stdin.end();
    for await (const line of lines) {
      const { from, to, bytes } = JSON.parse(line);
      taken.push({ from, to, bytes: Buffer.from(bytes, "base64") });
    }
    await ended;
  };
  return { port, taken, stop };
}
