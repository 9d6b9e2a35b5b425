/**
 * One tab where no stream comes through: long polling takes its place, and gives it back.
 *
 * Not here: the stream (`connection.test.ts`).
 */
import { describe, expect, test } from "vitest";
import { world } from "./support/world.js";

describe("behind a proxy in the way", () => {
  const it = world();

  test("two silent streams lead to polling, which misses nothing", async () => {
    it.server.mode = "buffering";
    const tab = it.browser.tab();
    tab.mount();
    await it.pass(19_000);
    expect(tab.state).toBe("connecting");
    await it.pass(2_000);
    expect(tab.state).toBe("polling");
    expect(it.server.count("GET", "/stream")).toBe(2);
    it.server.inbox().create();
    await it.pass();
    expect(tab.unread).toBe(1);
  });

  test("and back: a stream is tried again, and kept when it delivers", async () => {
    it.server.mode = "buffering";
    const tab = it.browser.tab();
    tab.mount();
    await it.pass(21_000);
    await it.pass(135_000);
    expect(it.server.count("GET", "/stream")).toBe(3);
    expect(tab.state).toBe("polling");
    it.server.mode = "up";
    await it.pass(160_000);
    expect(tab.state).toBe("live");
    expect(it.server.streams.size).toBe(1);
    it.server.inbox().create();
    await it.pass();
    expect(tab.unread).toBe(1);
  });

  test("a page in place of the stream is not read as one: polling takes over, and the stream when it is there", async () => {
    it.server.mode = "page";
    const tab = it.browser.tab();
    tab.mount();
    await it.pass();
    expect(tab.state).toBe("polling");
    expect(tab.unread).toBe(0);
    expect(it.server.count("GET", "/stream")).toBe(2);
    it.server.inbox().create();
    await it.pass();
    expect(tab.unread).toBe(1);
    it.server.mode = "up";
    await it.pass(160_000);
    expect(tab.state).toBe("live");
  });

  test("polling that fails shows as offline and goes on", async () => {
    it.server.mode = "buffering";
    const tab = it.browser.tab();
    tab.mount();
    await it.pass(21_000);
    it.server.refusals.set("GET /changes", [503]);
    it.server.inbox().create();
    await it.pass();
    await it.pass(10_000);
    expect(tab.state).toBe("polling");
    expect(tab.unread).toBe(1);
  });
});
