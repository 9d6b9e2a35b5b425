// One person, many tabs: one stream, one truth, one toast; whoever leads may be closed, stuck or frozen.

import assert from "node:assert/strict";
import { onEach, onOne } from "./support/over.js";
import { badge, shows, toasts, until } from "./support/stage.js";

onEach("the bell counts up without a reload, with one toast", async ({ tab, send }) => {
  const page = await tab();
  assert.equal(await badge(page), "0");
  await send("demo", { title: "Invoice ready", type: "SUCCESS" });
  await shows(page, 1);
  assert.equal(await page.getAttribute("[data-part=toast]", "data-type"), "SUCCESS");
  await page.click("[data-part=bell]");
  await page.waitForSelector('[data-part=item][data-unread="true"] >> text=Invoice ready');
});

onEach("twelve tabs hold one stream and agree; one person, one toast", async ({ tab, send, host }) => {
  const pages = [];
  for (let number = 0; number < 12; number += 1) pages.push(await tab());
  await until("one stream", () => host.streams.size === 1);
  await send("demo", { title: "One" }, { title: "Two" });
  for (const page of pages) await shows(page, 2);
  const shown = await Promise.all(pages.map(toasts));
  assert.equal(shown.flat().length, 2, `${JSON.stringify(shown)}`);
  // Read in one, read in all.
  await pages[3].bringToFront();
  await pages[3].click("[data-part=bell]");
  await pages[3].click("[data-part=mark-all-read]");
  for (const page of pages) await shows(page, 0);
  assert.deepEqual((await Promise.all(pages.map(toasts))).flat(), []);
  assert.equal(host.streams.size, 1);
});

onEach(
  "the leader is closed: another takes over within two seconds, and nothing is missed",
  async ({ tab, send, host }) => {
    const leader = await tab();
    const others = [await tab(), await tab()];
    await leader.close();
    await until("the stream of the closed tab is gone or replaced", () => host.streams.size <= 1);
    await send("demo", { title: "Meanwhile" });
    await until("another stream", () => host.streams.size === 1, 2_000);
    for (const page of others) await shows(page, 1);
    await send("demo", { title: "Later" });
    for (const page of others) await shows(page, 2);
    assert.equal(host.streams.size, 1);
  },
);

onEach(
  "the leader is stuck: another takes over, and there is one again when it comes to itself",
  async ({ tab, send, host, context }) => {
    const leader = await tab();
    const other = await tab();
    const third = await tab();
    const tools = await context.newCDPSession(leader);
    await tools.send("Debugger.enable");
    const paused = new Promise((resolve) => tools.once("Debugger.paused", resolve));
    await tools.send("Debugger.pause");
    await paused;
    const stuck = Date.now();
    await send("demo", { title: "Meanwhile" });
    await Promise.all([shows(other, 1), shows(third, 1)]);
    assert.ok(Date.now() - stuck < 5_000, `${Date.now() - stuck} ms`);
    await tools.send("Debugger.resume");
    await tools.detach();
    await shows(leader, 1);
    await until("one stream", () => host.streams.size === 1);
    await send("demo", { title: "Later" });
    for (const page of [leader, other, third]) await shows(page, 2);
    assert.equal(host.streams.size, 1);
  },
);

onOne(
  "the browser freezes the leader: another takes over, and it is right again when it thaws",
  async ({ tab, send, host, context }) => {
    const leader = await tab();
    const others = [await tab(), await tab()];
    await leader.evaluate(() => {
      window.lives = [];
      for (const type of ["freeze", "resume"]) document.addEventListener(type, () => window.lives.push(type));
    });
    const [held] = host.streams;
    const tools = await context.newCDPSession(leader);
    await tools.send("Page.setWebLifecycleState", { state: "frozen" });
    await until("its stream is closed", () => !host.streams.has(held), 2_000);
    await send("demo", { title: "Meanwhile" });
    await until("another stream", () => host.streams.size === 1, 2_000);
    for (const page of others) await shows(page, 1);
    await tools.send("Page.setWebLifecycleState", { state: "active" });
    await shows(leader, 1);
    assert.deepEqual(await leader.evaluate(() => window.lives), ["freeze", "resume"]);
    await send("demo", { title: "Later" });
    for (const page of [leader, ...others]) await shows(page, 2);
    assert.equal(host.streams.size, 1);
  },
  { plain: true },
);

onEach("somebody else signs in in another tab: no tab shows the first one's data", async ({ tab, send, host }) => {
  await send("demo", { title: "Only for demo" });
  await send("camille", { title: "For Camille" }, { title: "And this" });
  const first = await tab();
  await shows(first, 1);
  await first.click("[data-part=bell]");
  await first.waitForSelector("[data-part=item] >> text=Only for demo");
  host.user = "camille";
  const second = await tab();
  for (const page of [first, second]) await shows(page, 2);
  await until("its inbox is the other's", async () => {
    const items = await first.locator("[data-part=item]").allInnerTexts();
    return items.length === 2 && items.every((text) => !text.includes("Only for demo"));
  });
  await send("demo", { title: "Still only for demo" });
  await send("camille", { title: "Third" });
  for (const page of [first, second]) {
    await shows(page, 3);
    // What the page logged of its events before is the first one's own.
    const parts = await page.locator("[data-part=item], [data-part=toast]").allInnerTexts();
    assert.ok(!parts.join().includes("only for demo"));
  }
  await until("one stream", () => host.streams.size === 1);
});

onOne(
  "the page still enters the back-forward cache, and is right when it comes back",
  async ({ tab, send, host }) => {
    const page = await tab();
    await page.evaluate(() => {
      addEventListener("pageshow", ({ persisted }) => Object.assign(window, { persisted }));
    });
    await page.goto(`${host.url}elsewhere`);
    await until("its stream is closed", () => host.streams.size === 0);
    await send("demo", { title: "Meanwhile" });
    await page.goBack({ waitUntil: "commit" });
    await shows(page, 1);
    assert.equal(await page.evaluate(() => window.persisted), true);
    await until("one stream", () => host.streams.size === 1);
  },
  { ignoreDefaultArgs: ["--disable-back-forward-cache"] },
);
