// The example applications in `$EXAMPLES`, as `scripts/examples` has installed and built them, with the real binary and a real
// browser: an order is told of in every tab, and what is passed on to Grelot arrives. Not here: the applications.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { Service } from "../support/service.js";

const hosts = {
  vite: ["server.js"],
  nextjs: ["node_modules/next/dist/bin/next", "start", "--hostname", "127.0.0.1", "--port", "0"],
};
/** Far less than what long polling would take, which the client falls back to where a stream is held back. */
const PATIENCE = 5_000;

/** Starts an application; resolves to its address and what ends it. */
async function host(name, service) {
  const child = spawn(process.execPath, hosts[name], {
    cwd: path.join(process.env.EXAMPLES, name),
    env: {
      ...process.env,
      PORT: "0",
      GRELOT_URL: service.url,
      GRELOT_API_KEY: service.apiKey,
      GRELOT_JWT_SECRET: "0123456789abcdef0123456789abcdef",
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

/** A tab that shows the page, connected. */
async function tab(context, url) {
  const page = await context.newPage();
  const streamed = page.waitForResponse((response) => response.url().endsWith("/stream")).catch(() => null);
  await page.goto(url);
  await page.click('[data-part="bell"]');
  await page.waitForSelector('[data-part="connection"][data-state="live"]', { state: "attached" });
  await page.keyboard.press("Escape");
  return { page, streamed };
}

/** The ground of the popover, from black to white: what the application's build has made of the style sheet. */
async function ground(page, colorScheme) {
  await page.emulateMedia({ colorScheme });
  return page.locator('[data-part="popover"]').evaluate((element) => {
    const pen = new OffscreenCanvas(1, 1).getContext("2d");
    pen.fillStyle = getComputedStyle(element).backgroundColor;
    pen.fillRect(0, 0, 1, 1);
    const [red, , , opaque] = pen.getImageData(0, 0, 1, 1).data;
    return opaque === 255 ? red : null;
  });
}

for (const name of Object.keys(hosts)) {
  test(`${name}: placing an order rings the bell in every tab`, async (t) => {
    const service = await Service.start();
    t.after(() => service.stop());
    const { url, stop } = await host(name, service);
    t.after(stop);
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-background-networking"],
    });
    t.after(() => browser.close());
    const context = await browser.newContext();
    context.setDefaultTimeout(PATIENCE);
    const said = [];
    context.on("console", (message) => said.push(message.text()));
    context.on("weberror", (error) => said.push(String(error.error())));

    const other = await tab(context, url);
    const { page } = await tab(context, url);
    const tabs = [other.page, page];
    const stream = await other.streamed;
    assert.equal(stream.headers()["content-type"], "text/event-stream; charset=utf-8");
    assert.equal(stream.headers()["content-encoding"], undefined);
    assert.equal(await page.locator("[data-part=badge]").count(), 0);

    await page.click("text=Place order");
    await page.waitForSelector('[data-part="toast"][data-type="SUCCESS"] >> text=is placed');
    for (const each of tabs) await each.waitForSelector('[data-part="badge"] >> text="1"');
    await page.click("text=Place order");
    for (const each of tabs) await each.waitForSelector('[data-part="badge"] >> text="2"');

    await page.click('[data-part="bell"]');
    await page.click('[data-part="mark-all-read"]');
    for (const each of tabs) await each.waitForSelector('[data-part="badge"]', { state: "detached" });
    assert.equal(await page.locator('[data-part="item"][data-unread="false"]').count(), 2);
    assert.equal(await ground(page, "light"), 255);
    const dark = await ground(page, "dark");
    assert.ok(dark && dark < 64, `dark is dark: ${dark}`);
    assert.deepEqual(said, [], "the console is empty");
  });
}
