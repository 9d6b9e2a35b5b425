// What breaks on the way: the service, the network, the session, and what is done meanwhile. Nothing is lost, nothing is told twice.

import assert from "node:assert/strict";
import { longestTask } from "./support/longest.js";
import { onEach, onOne, onTwo } from "./support/over.js";
import { badge, shows, toasts, until } from "./support/stage.js";

/** Longer than any proxy or browser calls a hiccup. The minute, where somebody has the time. */
const ABSENCE = Number(process.env.ABSENCE_SECONDS ?? 12) * 1_000;
const NETWORK = /net::ERR_|Failed to load resource/;

/** How long a page may take to move to another node: the 3 s that a stream asks for at most, and a little. */
const MOVED = 6_000;

const state = (page) => page.getAttribute("[data-part=connection]", "data-state");

/** Keeps what a page says of its connection from now on. */
const watch = (page) =>
  page.evaluate(() => {
    window.states = [];
    const shown = document.querySelector("[data-part=connection]");
    const look = new MutationObserver(() => window.states.push(shown.dataset.state));
    look.observe(shown, { attributeFilter: ["data-state"] });
  });
const watched = (page) => page.evaluate(() => window.states);

onEach(
  "the service is killed and comes back: nothing is missed, no toast is repeated",
  async ({ tab, send, service, host, expectErrors }) => {
    expectErrors(NETWORK);
    const pages = [await tab(), await tab()];
    await send("demo", { title: "Before", type: "ERROR" });
    for (const page of pages) await shows(page, 1);
    const before = (await Promise.all(pages.map(toasts))).flat();
    assert.equal(before.length, 1);
    await service.kill();
    for (const page of pages) await until("offline is shown", async () => (await state(page)) !== "live");
    await service.start();
    await send("demo", { title: "While they were away" });
    for (const page of pages) await shows(page, 2);
    for (const page of pages) await until("live again", async () => (await state(page)) === "live");
    await send("demo", { title: "After" });
    for (const page of pages) await shows(page, 3);
    const after = (await Promise.all(pages.map(toasts))).flat();
    assert.equal(after.filter((text) => text.includes("Before")).length, 1, JSON.stringify(after));
    assert.equal(after.filter((text) => text.includes("After")).length, 1, JSON.stringify(after));
    assert.equal(host.streams.size, 1);
  },
);

onTwo(
  "the node that holds the stream is killed for good: the page goes on at the other, and nothing is missed",
  async ({ tab, send, service, host, expectErrors }) => {
    expectErrors(NETWORK);
    const pages = [await tab(), await tab()];
    await send("demo", { title: "Before", type: "ERROR" });
    for (const page of pages) await shows(page, 1);
    for (const page of pages) await watch(page);
    const [, holds] = service.nodes;
    await holds.kill();
    await send("demo", { title: "Meanwhile" });
    const back = async (page) => (await badge(page)) === "2" && (await state(page)) === "live";
    await Promise.all(pages.map((page) => until("live at the other node", () => back(page), MOVED)));
    await send("demo", { title: "After" });
    for (const page of pages) await shows(page, 3);
    const texts = (await Promise.all(pages.map(toasts))).flat();
    assert.equal(texts.filter((text) => text.includes("Before")).length, 1, JSON.stringify(texts));
    assert.equal(texts.filter((text) => text.includes("After")).length, 1, JSON.stringify(texts));
    for (const page of pages) assert.deepEqual(await watched(page), ["connecting", "live"]);
    assert.equal(host.streams.size, 1);
  },
);

onTwo(
  "the node that holds the stream stands still: the page misses its pings, and goes on at the other",
  async ({ tab, send, service, host }) => {
    const pages = [await tab(), await tab()];
    await send("demo", { title: "Before" });
    for (const page of pages) await shows(page, 1);
    const [held] = host.streams;
    await service.nodes[1].freeze();
    await send("demo", { title: "Meanwhile" });
    for (const page of pages) await shows(page, 2);
    for (const page of pages) await until("live", async () => (await state(page)) === "live");
    await until("the other stream alone", () => host.streams.size === 1 && !host.streams.has(held));
  },
  { env: { GRELOT_PING_SECONDS: "1" } },
);

onTwo(
  "no bus: answers are ahead of the stream by up to 2 s, and the page is right before and after",
  async ({ tab, send, host }) => {
    const [first] = await send("demo", { title: "First" });
    const pages = [await tab(), await tab()];
    for (const page of pages) await shows(page, 1);
    await pages[0].click("[data-part=bell]");
    await pages[0].waitForSelector("[data-part=item]");
    for (let round = 1; round <= 3; round += 1) {
      // The node of the stream does not know of it yet when the other answers.
      const [id] = await send("demo", { title: `Unheard ${round}` });
      const done = round % 2 === 1 ? ["true", "false"] : ["false", "true"];
      const item = `[data-part=item][data-id="${first}"]`;
      const answered = pages[0].waitForResponse((answer) => answer.request().method() === "POST");
      await pages[0].click(`${item}[data-unread="${done[0]}"] [data-part=mark-read]`);
      await answered;
      await pages[0].waitForSelector(`${item}[data-unread="${done[1]}"]`);
      await pages[0].waitForSelector(`[data-part=item][data-id="${id}"]`);
      for (const page of pages) await shows(page, round % 2 === 1 ? round : round + 1);
    }
    const texts = (await Promise.all(pages.map(toasts))).flat();
    assert.equal(new Set(texts).size, texts.length, JSON.stringify(texts));
    assert.equal(host.streams.size, 1);
  },
  { env: { GRELOT_BUS: "nats://127.0.0.1:1" } },
);

onTwo("the nodes are restarted one after the other: nobody notices", async ({ tab, send, service, host }) => {
  const pages = [await tab(), await tab()];
  for (const page of pages) await watch(page);
  let sent = 0;
  for (const node of service.nodes.toReversed()) {
    sent += 1;
    await send("demo", { title: `Before ${sent}` });
    for (const page of pages) await shows(page, sent);
    await node.end();
    sent += 1;
    await send("demo", { title: `Meanwhile ${sent}` });
    for (const page of pages) await shows(page, sent);
    await node.start();
  }
  for (const page of pages) await until("live", async () => (await state(page)) === "live");
  await send("demo", { title: "Last" });
  for (const page of pages) await shows(page, sent + 1);
  const texts = (await Promise.all(pages.map(toasts))).flat();
  assert.equal(new Set(texts).size, texts.length, JSON.stringify(texts));
  for (const page of pages) assert.ok(!(await watched(page)).includes("offline"));
  assert.equal(host.streams.size, 1);
});

onOne(
  "the network is away for long: one summary, and a list that is complete",
  async ({ tab, send, host, context, expectErrors }) => {
    expectErrors(NETWORK);
    const page = await tab();
    host.cut();
    await send("demo", ...Array.from({ length: 7 }, (_, number) => ({ title: `Missed ${number}` })));
    await new Promise((resolve) => setTimeout(resolve, ABSENCE));
    host.mend();
    // What the browser tells when the laptop wakes up.
    await context.setOffline(true);
    await context.setOffline(false);
    await shows(page, 7);
    await until("a summary", async () => (await toasts(page)).length === 1);
    assert.match((await toasts(page))[0], /\+7 notifications/);
    await page.click("[data-part=bell]");
    await until("all are in the list", async () => (await page.locator("[data-part=item]").count()) === 7);
  },
);

onEach(
  "what is done without a network is shown at once and replayed",
  async ({ tab, send, host, unread, context, expectErrors }) => {
    expectErrors(NETWORK);
    const [first] = await send("demo", { title: "A" });
    await send("demo", { title: "B" });
    const page = await tab();
    await shows(page, 2);
    await page.click("[data-part=bell]");
    await page.waitForSelector("[data-part=item]");
    host.cut();
    await context.setOffline(true);
    await page.click(`[data-part=item][data-id="${first}"] [data-part=mark-read]`);
    await shows(page, 1);
    assert.equal(await unread("demo"), 2);
    host.mend();
    await context.setOffline(false);
    await until("the service has it", async () => (await unread("demo")) === 1);
    await shows(page, 1);
  },
);

onOne("a link that leaves the page leaves it read", async ({ tab, send, unread, host }) => {
  await send("demo", { title: "Away", link: "/elsewhere" });
  const page = await tab("signed");
  await page.click("[data-part=bell]");
  await page.click("[data-part=item] a");
  await page.waitForURL(`${host.url}elsewhere`);
  await until("the service has it", async () => (await unread("demo")) === 0);
});

onOne("a token that expires is renewed without a gap", async ({ tab, send, host }) => {
  host.life = 8;
  const page = await tab("signed");
  const states = new Set();
  const end = Date.now() + 20_000;
  let sent = 0;
  while (Date.now() < end) {
    sent += 1;
    await send("demo", { title: `N ${sent}` });
    await shows(page, sent);
    states.add(await state(page));
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  assert.ok(host.tokens >= 3, `${host.tokens} tokens`);
  assert.deepEqual([...states], ["live"]);
  assert.ok(host.streams.size <= 2);
});

onEach("a storm of 500 blocks nobody: no task over 100 ms, one toast", async ({ tab, host, service }) => {
  const page = await tab();
  await page.click("[data-part=bell]");
  await page.waitForSelector("[data-part=empty]");
  const longest = await longestTask(page, async () => {
    await Promise.all(
      Array.from({ length: 500 }, (_, number) =>
        fetch(`${service.internalUrl}/api/internal/notify`, {
          method: "POST",
          headers: { authorization: `Bearer ${service.apiKey}`, "content-type": "application/json" },
          body: JSON.stringify({ userId: "demo", title: `Storm ${number}` }),
        }).then((answer) => assert.equal(answer.status, 201)),
      ),
    );
    await shows(page, "99+");
    await until("all are counted", async () => (await page.textContent("[data-part=tab-unread]")).includes("500"));
  });
  assert.ok(longest <= 100, `a task of ${longest} ms`);
  const texts = await toasts(page);
  assert.equal(texts.length, 1, JSON.stringify(texts));
  assert.equal(host.streams.size, 1);
});
