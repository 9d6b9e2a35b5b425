// A browser that hides and freezes its tabs as it does for a person. The driver's own keeps every tab visible and awake.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

/** Starts it; resolves to its one context, the port that it is driven by, and what ends it. */
export async function launchPlain({ executablePath, args }) {
  const place = mkdtempSync(path.join(tmpdir(), "grelot-browser-"));
  const own = ["--headless", "--disable-gpu", "--remote-debugging-port=0", `--user-data-dir=${place}`];
  const child = spawn(executablePath, [...args, ...own], { stdio: ["ignore", "ignore", "pipe"], detached: true });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  const close = async () => {
    if (child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    await gone;
    rmSync(place, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const said = [];
    const address = await new Promise((resolve, reject) => {
      child.once("error", reject);
      createInterface({ input: child.stderr })
        .on("line", (line) => {
          said.push(line);
          const found = /listening on (ws:.*)/.exec(line);
          if (found) resolve(found[1]);
        })
        .on("close", () => reject(new Error(`the browser ended: ${said.join("\n")}`)));
    });
    const browser = await chromium.connectOverCDP(address, { noDefaults: true });
    return { context: browser.contexts()[0], port: Number(new URL(address).port), close };
  } catch (error) {
    await close();
    throw error;
  }
}
