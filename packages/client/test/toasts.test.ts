/**
 * Exactly one toast a person, and none for what is not new.
 *
 * Not here: how a toast looks.
 */
import { describe, expect, test } from "vitest";
import type { Tab } from "./support/browser.js";
import { world } from "./support/world.js";

describe("toasts", () => {
  const it = world();
  const open = async (count = 1): Promise<Tab[]> => {
    const tabs = Array.from({ length: count }, () => it.browser.tab());
    for (const tab of tabs) {
      tab.mount();
      await it.pass();
    }
    return tabs;
  };
  const kinds = (tabs: Tab[]): string[][] => tabs.map(({ toasts }) => toasts.map(({ kind }) => kind));

  test("what was there already is no news", async () => {
    it.server.inbox().create();
    const tabs = await open();
    expect(kinds(tabs)).toEqual([[]]);
  });

  test("of many tabs the leader shows it, while nobody has claimed", async () => {
    const tabs = await open(3);
    it.server.inbox().create({ title: "Invoice ready" });
    await it.pass();
    expect(kinds(tabs)).toEqual([["notification"], [], []]);
    expect(tabs[0]?.toasts[0]).toMatchObject({ notification: { title: "Invoice ready" } });
  });

  test("the last tab that was focused or pointed at shows it", async () => {
    const tabs = await open(3);
    tabs[1]?.focus();
    await it.pass();
    it.server.inbox().create();
    await it.pass();
    tabs[2]?.document.dispatchEvent(new Event("pointerover"));
    await it.pass();
    it.server.inbox().create();
    await it.pass();
    expect(kinds(tabs)).toEqual([[], ["notification"], ["notification"]]);
  });

  test("a tab that opens later learns who shows them", async () => {
    const tabs = await open(2);
    tabs[1]?.focus();
    await it.pass();
    const late = it.browser.tab();
    late.mount();
    await it.pass();
    it.server.inbox().create();
    await it.pass();
    expect(kinds([...tabs, late])).toEqual([[], ["notification"], []]);
  });

  test("when the one that shows them is left, the leader does again", async () => {
    const tabs = await open(2);
    tabs[1]?.focus();
    await it.pass();
    tabs[1]?.window.dispatchEvent(new Event("pagehide"));
    await it.pass();
    it.server.inbox().create();
    await it.pass();
    expect(kinds(tabs)).toEqual([["notification"], []]);
  });

  test("when it dies without a word, the leader claims within five seconds", async () => {
    const tabs = await open(2);
    tabs[1]?.focus();
    await it.pass();
    if (tabs[1]) tabs[1].frozen = true;
    await it.pass(5_000);
    it.server.inbox().create();
    await it.pass();
    expect(kinds(tabs)).toEqual([["notification"], []]);
  });

  test("an absence ends in one summary of what is still unread, newest first", async () => {
    const tabs = await open(3);
    it.server.kill();
    for (let n = 0; n < 12; n++) it.server.inbox().create();
    it.server.inbox().turn("ada-1", true);
    it.server.inbox().delete("ada-2");
    it.server.mode = "up";
    await it.pass(30_000);
    expect(kinds(tabs)).toEqual([["summary"], [], []]);
    const [toast] = tabs[0]?.toasts ?? [];
    if (toast?.kind !== "summary") throw new Error("no summary");
    expect(toast.count).toBe(10);
    expect(toast.notifications.map(({ seq }) => seq)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
  });

  test("an absence too long to be replayed ends in one summary by the count", async () => {
    const tabs = await open(1);
    it.server.kill();
    for (let n = 0; n < 1_200; n++) it.server.inbox().create();
    it.server.mode = "up";
    await it.pass(30_000);
    expect(tabs[0]?.toasts).toMatchObject([{ kind: "summary", count: 1_200 }]);
  });

  test("a reconnection that brings nothing new says nothing", async () => {
    const tabs = await open(1);
    it.server.inbox().create();
    await it.pass();
    it.server.kill();
    it.server.mode = "up";
    await it.pass(30_000);
    expect(kinds(tabs)).toEqual([["notification"]]);
  });

  test("a take-over repeats no toast", async () => {
    const tabs = await open(3);
    it.server.inbox().create();
    await it.pass();
    tabs[0]?.window.dispatchEvent(new Event("pagehide"));
    await it.pass(5_000);
    it.server.inbox().create();
    await it.pass();
    expect(kinds(tabs).flat()).toEqual(["notification", "notification"]);
  });

  test("one that is read or deleted elsewhere is taken away", async () => {
    const inbox = it.server.inbox();
    const [tab] = await open(1);
    const ids = [inbox.create().id, inbox.create().id, inbox.create({ category: "billing" }).id];
    await it.pass();
    inbox.turn(ids[0] ?? "", true);
    inbox.delete(ids[1] ?? "");
    inbox.readAll(undefined, "billing");
    await it.pass();
    const gone = tab?.toasts.flatMap((toast) => (toast.kind === "dismiss" ? (toast.ids ?? []) : []));
    expect(gone).toEqual(ids);
  });

  test("another user takes all of them away", async () => {
    const [tab] = await open(1);
    it.server.inbox().create();
    await it.pass();
    it.server.cookie = "bob";
    tab?.document.dispatchEvent(new Event("visibilitychange"));
    await it.pass();
    expect(tab?.toasts.at(-1)).toEqual({ kind: "dismiss", ids: null });
  });
});

describe("events", () => {
  const it = world();

  test("each change is told once, and whether it was caught up with", async () => {
    const tab = it.browser.tab();
    const seen: [string, number, boolean][] = [];
    tab.client.onEvent(({ event, seq }, { replayed }) => {
      if (event.startsWith("notification")) seen.push([event, seq, replayed]);
    });
    await it.pass();
    it.server.inbox().create();
    await it.pass();
    it.server.kill();
    it.server.inbox().turn("ada-1", true);
    it.server.mode = "up";
    await it.pass(10_000);
    expect(seen).toEqual([
      ["notification.created", 1, false],
      ["notification.read", 2, true],
    ]);
  });
});
