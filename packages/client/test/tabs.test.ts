/**
 * Several tabs of one browser: one stream, the same state, and nothing held where it must not be.
 *
 * Not here: who shows toasts (`toasts.test.ts`).
 */
import { describe, expect, test } from "vitest";
import type { Tab } from "./support/browser.js";
import { world } from "./support/world.js";

describe("tabs", () => {
  const it = world();
  const open = async (count: number): Promise<Tab[]> => {
    const tabs = Array.from({ length: count }, () => it.browser.tab());
    for (const tab of tabs) {
      tab.mount();
      tab.client.list().subscribe(() => {});
      await it.pass();
    }
    return tabs;
  };

  test("twelve hold exactly one stream and agree", async () => {
    const tabs = await open(12);
    for (let n = 0; n < 3; n++) it.server.inbox().create();
    await it.pass();
    expect(it.server.streams.size).toBe(1);
    expect(tabs.map(({ unread }) => unread)).toEqual(Array(12).fill(3));
    expect(tabs.every(({ state }) => state === "live")).toBe(true);
    expect(new Set(tabs.map(({ titles }) => titles.join())).size).toBe(1);
  });

  test("what is read in one is read in all", async () => {
    for (let n = 0; n < 3; n++) it.server.inbox().create();
    const tabs = await open(3);
    await tabs[2]?.client.markAllAsRead();
    await it.pass();
    expect(tabs.map(({ unread }) => unread)).toEqual([0, 0, 0]);
  });

  test("when the leader closes another resumes from the last seq", async () => {
    const [leader, ...others] = await open(3);
    it.server.inbox().create();
    await it.pass();
    leader?.window.dispatchEvent(new Event("pagehide"));
    it.server.inbox().create();
    await it.pass();
    expect(it.server.streams.size).toBe(1);
    expect(others.map(({ unread }) => unread)).toEqual([2, 2]);
    expect(it.server.lastStream?.lastEventId).toBe("1");
  });

  test("a frozen leader is replaced within 2.7 s, loses the lock, and closes its stream", async () => {
    const [leader, ...others] = await open(12);
    const [old] = it.server.streams;
    if (leader) leader.frozen = true;
    await it.pass(500);
    it.server.inbox().create();
    await it.pass(2_200);
    expect(others.map(({ unread }) => unread)).toEqual(Array(11).fill(1));
    expect(it.server.streams.size).toBe(1);
    expect([...it.server.streams]).not.toContain(old);
    if (leader) leader.frozen = false;
    await it.pass(3_000);
    expect(it.server.streams.size).toBe(1);
    expect(leader?.unread).toBe(1);
  });

  test("a leader that answers is not robbed, however slow its timers", async () => {
    const tabs = await open(4);
    await it.pass(120_000);
    expect(it.server.count("GET", "/stream")).toBeLessThanOrEqual(2); // the watchdog, no pings here
    expect(tabs.every(({ state }) => state === "live")).toBe(true);
  });

  test("a follower that missed something reads it", async () => {
    const [, follower] = await open(2);
    if (follower) follower.frozen = true;
    for (let n = 0; n < 2; n++) it.server.inbox().create();
    await it.pass(500);
    if (follower) follower.frozen = false;
    await it.pass(1_500);
    expect(follower?.unread).toBe(2);
    expect(follower?.titles).toEqual(["Title 2", "Title 1"]);
    expect(it.server.streams.size).toBe(1);
  });

  test("a connection that is lost shows in every tab", async () => {
    const tabs = await open(3);
    it.server.kill();
    await it.pass(6_000);
    expect(tabs.map(({ state }) => state)).toEqual(["offline", "offline", "offline"]);
    it.server.mode = "up";
    await it.pass(30_000);
    expect(tabs.map(({ state }) => state)).toEqual(["live", "live", "live"]);
  });

  for (const [away, back] of [
    ["pagehide", "pageshow"],
    ["freeze", "resume"],
  ] as const) {
    test(`on ${away} nothing is held; on ${back} it is there again, caught up`, async () => {
      const [tab] = await open(1);
      if (!tab) return;
      const target = away === "freeze" ? tab.document : tab.window;
      target.dispatchEvent(new Event(away));
      await it.pass();
      expect(it.server.streams.size).toBe(0);
      expect(it.browser.locks.size).toBe(0);
      expect(it.browser.openPorts).toBe(0);
      it.server.inbox().create();
      await it.pass(60_000);
      target.dispatchEvent(new Event(back));
      await it.pass();
      expect(tab.state).toBe("live");
      expect(tab.titles).toEqual(["Title 1"]);
    });
  }

  test("without locks each tab connects", async () => {
    const tabs = [it.browser.tab({}, { locks: true }), it.browser.tab({}, { locks: true })];
    for (const tab of tabs) tab.mount();
    await it.pass();
    expect(it.server.streams.size).toBe(2);
    it.server.inbox().create();
    await it.pass();
    expect(tabs.map(({ unread }) => unread)).toEqual([1, 1]);
  });

  test("another user signs in in one tab: no tab keeps the first one's data, none stays behind", async () => {
    it.server.inbox("ada").create({ title: "for ada" });
    it.server.inbox("bob").create({ title: "for bob" });
    const tabs = await open(3);
    expect(tabs.map(({ titles }) => titles)).toEqual(Array(3).fill(["for ada"]));
    it.server.cookie = "bob";
    await tabs[1]?.client.list().refetch();
    await it.pass();
    expect(tabs.map(({ titles }) => titles)).toEqual(Array(3).fill(["for bob"]));
    await it.pass(2_000);
    expect([...it.server.streams].map(({ user }) => user)).toEqual(["bob"]);
  });

  test("two users with tokens of their own live side by side, each with a stream", async () => {
    it.server.tokens.set("a", "ada").set("b", "bob");
    const ada = it.browser.tab({ getToken: () => "a" });
    const bob = it.browser.tab({ getToken: () => "b" });
    ada.mount();
    bob.mount();
    await it.pass();
    it.server.inbox("ada").create();
    await it.pass();
    expect([ada.unread, bob.unread]).toEqual([1, 0]);
    expect([...it.server.streams].map(({ user }) => user).sort()).toEqual(["ada", "bob"]);
    const { length } = it.server.requests;
    await it.pass(20_000);
    expect(it.server.requests).toHaveLength(length);
  });

  test("a leader that is refused gives way to a tab with a token that holds", async () => {
    it.server.tokens.set("a1", "ada").set("a2", "ada");
    const first = it.browser.tab({ getToken: () => "a1" });
    first.mount();
    await it.pass();
    const second = it.browser.tab({ getToken: () => "a2" });
    second.mount();
    await it.pass();
    it.server.tokens.delete("a1");
    for (const stream of [...it.server.streams]) stream.close();
    await it.pass(5_000);
    expect(first.state).toBe("unauthorized");
    expect(second.state).toBe("live");
    expect(it.server.streams.size).toBe(1);
  });
});
