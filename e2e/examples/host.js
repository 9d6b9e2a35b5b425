// The example applications in `$EXAMPLES`, as `scripts/examples` has installed and built them: started, and looked at in a
// browser. Not here: what is asked of them.

import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const next = ["node_modules/next/dist/bin/next", "start", "--hostname", "127.0.0.1", "--port", "0"];
const commands = { vite: ["server.js"], nextjs: next, "nextjs-prisma": next };
/** Far less than what long polling would take, which the client falls back to where a stream is held back. */
const PATIENCE = 5_000;

/** Starts an application; resolves to its address and what ends it. */
export async function host(name, service, env = {}) {
  const child = spawn(process.execPath, commands[name], {
    cwd: path.join(process.env.EXAMPLES, name),
    env: {
      ...process.env,
      PORT: "0",
      GRELOT_URL: service.url,
      GRELOT_API_KEY: service.apiKey,
      GRELOT_JWT_SECRET: "0123456789abcdef0123456789abcdef",
      ...env,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const found = line.match(/http:\/\/127\.0\.0\.1:\d+/);
      if (found) resolve(found[0]);
    });
    child.once("exit", () => reject(new Error(`${name} ended instead of starting`)));
  });
  const stop = async () => {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  };
  return { url, stop };
}

/** A browser, what its consoles said, and what ends it. */
export async function openBrowser() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking"],
  });
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE);
  const said = [];
  context.on("console", (message) => said.push(message.text()));
  context.on("weberror", (error) => said.push(String(error.error())));
  return { context, said, close: () => browser.close() };
}

/** A tab that shows the page, connected. */
export async function tab(context, url) {
  const page = await context.newPage();
  const streamed = page.waitForResponse((response) => response.url().endsWith("/stream")).catch(() => null);
  await page.goto(url);
  await page.click('[data-part="bell"]');
  await page.waitForSelector('[data-part="connection"][data-state="live"]', { state: "attached" });
  await page.keyboard.press("Escape");
  return { page, streamed };
}
