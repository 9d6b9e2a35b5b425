// `grelot demo`, the looks that it is looked at in, and what is asked of each state: a picture in `e2e/.artifacts`, to be looked
// at, and no violation of axe-core. Not here: the states.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { root } from "../../support/service.js";
import { browserOptions } from "./stage.js";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = path.join(root, "e2e/.artifacts");

const desk = { viewport: { width: 1440, height: 900 } };
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

export const looks = {
  desk,
  "desk-dark": { ...desk, colorScheme: "dark" },
  phone,
  "phone-dark": { ...phone, colorScheme: "dark" },
  "phone-french": { ...phone, locale: "fr-FR" },
  "desk-french-rtl": { ...desk, locale: "fr-FR" },
};

/** Starts it; resolves to the address of its page, and what ends it. */
export async function startDemo() {
  const flags = ["demo", "--bind", "127.0.0.1:0", "--metrics-bind", "off"];
  const child = spawn(path.join(root, "target/debug/grelot"), flags, { stdio: ["ignore", "pipe", "ignore"] });
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("page: ")) resolve(line.slice(6));
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error("the demo ended")));
  });
  return { url, stop: () => child.kill("SIGKILL") };
}

/** Runs `play` with a page of it, and puts all away. Fails if the console had a word that is not `expected`. */
export async function demo(look, play, expected = /^$/) {
  const { url, stop } = await startDemo();
  const browser = await chromium.launch(browserOptions);
  try {
    const context = await browser.newContext({ reducedMotion: "reduce", ...look });
    context.setDefaultTimeout(10_000);
    const said = [];
    const hear = (text) => expected.test(text) || said.push(text);
    context.on("console", (message) => hear(message.text()));
    context.on("weberror", (error) => hear(String(error.error())));
    const page = await context.newPage();
    await page.goto(url);
    await page.waitForSelector('[data-part="connection"][data-state="live"]');
    await play(page);
    assert.deepEqual(said, [], "the console is empty");
  } finally {
    await browser.close();
    stop();
  }
}

/** What is asked of what is shown now. */
export async function check(page, name, options) {
  mkdirSync(pictures, { recursive: true });
  // The head of the page stays where it is on a screen, also in a picture of the whole.
  if (options?.fullPage) await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: path.join(pictures, `${name}.png`), ...options });
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const found = (await window.axe.run({ resultTypes: ["violations"] })).violations;
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => html + failureSummary)}`);
  });
  assert.deepEqual(violations, [], name);
}
