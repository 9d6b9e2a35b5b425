// Debian's Chromium, tabs that share a session, and what is seen in them. Not here: the service, the host.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { Service } from "../../support/service.js";
import { Host } from "./host.js";
import { launchPlain } from "./plain.js";

export const browserOptions = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-background-networking"],
};
/** How long anything may take that is not said to take longer. */
const PATIENCE = 10_000;

/** The driver's browser; resolves to a context, and what ends it. */
async function launchDriven(launch) {
  const browser = await chromium.launch({ ...browserOptions, ...launch });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  return { context, close: () => browser.close() };
}

/** Runs `play` with a service, a host and a browser, and puts them away. Fails if a console had an error. */
export async function stage(play, { deployment, plain, ...launch } = {}) {
  const service = await Service.start(deployment);
  const host = await Host.start(service);
  const { context, close } = await (plain ? launchPlain(browserOptions) : launchDriven(launch));
  context.setDefaultTimeout(PATIENCE);
  const errors = [];
  /** What a network that is gone, or a service that was killed, makes the browser report by itself. */
  let expected = /^$/;
  context.on("console", (message) => {
    const text = message.text();
    if (["error", "warning"].includes(message.type()) && !expected.test(text)) errors.push(text);
  });
  context.on("weberror", (error) => errors.push(String(error.error())));

  const it = {
    service,
    host,
    context,
    /** A tab that shows the page, connected. */
    async tab(path = "") {
      const page = await context.newPage();
      await page.goto(host.url + path);
      await page.waitForSelector('[data-part="connection"][data-state="live"]');
      return page;
    },
    expectErrors(pattern) {
      expected = pattern;
    },
    /** Sends to a user, as a module of the host would. */
    async send(user, ...notifications) {
      const sent = notifications.map(async (notification) => {
        const answer = await fetch(`${service.internalUrl}/api/internal/notify`, {
          method: "POST",
          headers: { authorization: `Bearer ${service.apiKey}`, "content-type": "application/json" },
          body: JSON.stringify({ userId: user, ...notification }),
        });
        assert.equal(answer.status, 201);
        return (await answer.json()).notifications[0].id;
      });
      return Promise.all(sent);
    },
    /** What the service itself says. */
    async unread(user) {
      const answer = await fetch(`${service.url}/api/notifications/unread-count`, {
        headers: { authorization: `Bearer ${service.token(user)}` },
      });
      return (await answer.json()).unreadCount;
    },
  };
  try {
    await play(it);
    assert.deepEqual(errors, [], "the console is clean");
  } finally {
    await close();
    await host.stop();
    await service.stop();
  }
}

/** The count on the bell. */
export const badge = (page) => page.evaluate(() => document.querySelector("[data-part=badge]")?.textContent ?? "0");

/** Waits until the bell shows it. */
export async function shows(page, count) {
  await until(`the bell shows ${count}`, async () => (await badge(page)) === String(count));
}

/** The texts of the toasts that are there. */
export const toasts = (page) => page.locator("[data-part=toast]").allInnerTexts();

/** Looks until it holds. */
export async function until(what, holds, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > end) throw new Error(`not within ${patience} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
