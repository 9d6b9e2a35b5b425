/**
 * What the user does: shown at once, sent in order, kept while offline, taken back when refused.
 *
 * Not here: what an action does to the state (`state.test.ts`).
 */
import { describe, expect, test } from "vitest";
import { preferencesOf } from "../src/index.js";
import type { Tab } from "./support/browser.js";
import { world } from "./support/world.js";

describe("actions", () => {
  const it = world();
  const open = async (options = {}): Promise<Tab> => {
    const tab = it.browser.tab(options);
    tab.mount();
    tab.client.list().subscribe(() => {});
    await it.pass();
    return tab;
  };
  const written = (): string[] =>
    it.server.requests.filter(({ method }) => method !== "GET").map(({ method, path }) => `${method} ${path}`);

  test("marking as read shows before the answer", async () => {
    const { id } = it.server.inbox().create();
    const tab = await open();
    const done = tab.client.markAsRead(id);
    expect(tab.unread).toBe(0);
    expect(tab.client.list().getSnapshot().notifications[0]?.readAt).not.toBeNull();
    await done;
    await it.pass();
    expect(tab.unread).toBe(0);
    expect(it.server.inbox().unread).toBe(0);
  });

  test("the count never flickers between the answer and the event", async () => {
    const inbox = it.server.inbox();
    const { id } = inbox.create();
    inbox.create();
    const tab = await open();
    const counts: number[] = [];
    tab.client.subscribe(() => counts.push(tab.unread));
    await tab.client.markAsRead(id);
    await it.pass();
    await tab.client.remove(id);
    await it.pass();
    expect(new Set(counts)).toEqual(new Set([1]));
  });

  test("one that is read already is not sent, unread it is", async () => {
    const { id } = it.server.inbox().create();
    const tab = await open();
    await tab.client.markAsRead(id);
    await tab.client.markAsRead(id);
    await tab.client.markAsUnread(id);
    expect(written()).toEqual([`POST /${id}/read`, `POST /${id}/unread`]);
    expect(tab.unread).toBe(1);
  });

  test("a refusal takes it back and says why", async () => {
    const { id } = it.server.inbox().create();
    const tab = await open();
    it.server.refusals.set(`POST /${id}/read`, [403]);
    const done = tab.client.markAsRead(id);
    expect(tab.unread).toBe(0);
    await expect(done).rejects.toMatchObject({ status: 403, problem: { title: "Refused 403" } });
    expect(tab.unread).toBe(1);
  });

  test("one that is gone elsewhere is as good as done", async () => {
    const { id } = it.server.inbox().create();
    const tab = await open();
    it.server.refusals.set(`DELETE /${id}`, [404]);
    await tab.client.remove(id);
  });

  test("offline they wait, in order, and go out when there is a connection", async () => {
    const inbox = it.server.inbox();
    const [a, b] = [inbox.create(), inbox.create()];
    const tab = await open();
    it.server.kill();
    const done = Promise.all([tab.client.markAsRead(a.id), tab.client.remove(b.id), tab.client.markAsUnread(a.id)]);
    await it.pass(30_000);
    expect(tab.titles).toEqual(["Title 1"]);
    expect(tab.unread).toBe(1);
    it.server.mode = "up";
    tab.window.dispatchEvent(new Event("online"));
    await it.pass(5_000);
    await done;
    expect(inbox.rows.has(b.id)).toBe(false);
    const sent = inbox.log.slice(2).map(({ event }) => event);
    expect(sent).toEqual(["notification.read", "notification.deleted", "notification.unread"]);
    expect(tab.unread).toBe(1);
  });

  test("a server that is busy is asked again", async () => {
    const { id } = it.server.inbox().create();
    const tab = await open();
    it.server.refusals.set(`POST /${id}/read`, [503, 429]);
    const done = tab.client.markAsRead(id);
    await it.pass(10_000);
    await done;
    expect(it.server.inbox().unread).toBe(0);
    expect(tab.state).toBe("live");
  });

  test("mark all as read sends the seq that was seen, not what arrives meanwhile", async () => {
    const inbox = it.server.inbox();
    inbox.create();
    inbox.create();
    const tab = await open();
    const done = tab.client.markAllAsRead();
    expect(tab.unread).toBe(0);
    inbox.create();
    await done;
    await it.pass();
    expect(it.server.requests.find(({ path }) => path === "/read-all")?.body).toEqual({ upToSeq: 2 });
    expect(tab.unread).toBe(1);
    expect(inbox.unread).toBe(1);
  });

  test("mark all of a category leaves the others", async () => {
    const inbox = it.server.inbox();
    inbox.create({ category: "billing" });
    inbox.create();
    const tab = await open();
    await tab.client.markAllAsRead("billing");
    await it.pass();
    expect(it.server.requests.find(({ path }) => path === "/read-all")?.body).toMatchObject({ category: "billing" });
    expect(tab.unread).toBe(1);
  });

  test("a queue that is full refuses one more", async () => {
    const tab = await open();
    it.server.kill();
    for (let n = 0; n < 500; n++) void tab.client.markAsRead(`x${n}`);
    await expect(tab.client.markAsRead("one more")).rejects.toMatchObject({ status: 0 });
  });

  test("a removal with undo is hidden at once and sent after five seconds", async () => {
    const { id } = it.server.inbox().create();
    const tab = await open();
    const removal = tab.client.removeWithUndo(id);
    expect(tab.titles).toEqual([]);
    expect(tab.unread).toBe(0);
    await it.pass(4_800);
    expect(written()).toEqual([]);
    await it.pass(300);
    await removal.done;
    expect(written()).toEqual([`DELETE /${id}`]);
    expect(removal.undo()).toBe(false);
  });

  test("undone, nothing is sent and it is back in its place", async () => {
    const inbox = it.server.inbox();
    inbox.create();
    const { id } = inbox.create();
    inbox.create();
    const tab = await open();
    const removal = tab.client.removeWithUndo(id);
    await it.pass(1_000);
    expect(removal.undo()).toBe(true);
    await removal.done;
    expect(tab.titles).toEqual(["Title 3", "Title 2", "Title 1"]);
    await it.pass(10_000);
    expect(written()).toEqual([]);
  });

  test("when the page is left a removal goes out at once and survives it", async () => {
    const { id } = it.server.inbox().create();
    const tab = await open();
    tab.client.removeWithUndo(id);
    tab.window.dispatchEvent(new Event("pagehide"));
    expect(it.server.requests.at(-1)).toMatchObject({ method: "DELETE", path: `/${id}`, keepalive: true });
    await it.pass(10_000);
    expect(written()).toHaveLength(1);
    tab.window.dispatchEvent(new Event("pageshow"));
    await it.pass();
    expect(tab.titles).toEqual([]);
  });

  test("with storage, what could not be sent is sent after a reload, by its user only", async () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
    const { id } = it.server.inbox().create();
    const before = it.browser.tab({ storage });
    const unmount = before.mount();
    await it.pass();
    it.server.mode = "down";
    void before.client.markAsRead(id);
    await it.pass();
    unmount();
    await it.pass();
    expect(kept.size).toBe(1);
    it.server.mode = "up";
    it.server.cookie = "bob";
    const other = it.browser.tab({ storage });
    const end = other.mount();
    await it.pass();
    end();
    expect(it.server.inbox().unread).toBe(1);
    it.server.cookie = "ada";
    await open({ storage });
    expect(it.server.inbox().unread).toBe(0);
    expect(kept.size).toBe(0);
  });
});

describe("lists", () => {
  const it = world();

  test("walk page by page, each notification once, while new ones arrive on top", async () => {
    const inbox = it.server.inbox();
    for (let n = 0; n < 45; n++) inbox.create();
    const tab = it.browser.tab();
    const list = tab.client.list();
    expect(list.getSnapshot()).toBe(list.getServerSnapshot());
    list.subscribe(() => {});
    await it.pass();
    expect(list.getSnapshot()).toMatchObject({ isLoading: false, hasMore: true });
    await Promise.all([list.fetchMore(), list.fetchMore()]);
    inbox.create();
    await list.fetchMore();
    await it.pass();
    expect(new Set(tab.titles).size).toBe(tab.titles.length);
    expect(tab.titles[0]).toBe("Title 46");
    expect(list.getSnapshot().hasMore).toBe(false);
    expect(it.server.count("GET", "/?")).toBe(3);
  });

  test("are the same handle and the same snapshot until something changes", async () => {
    it.server.inbox().create();
    const { client } = it.browser.tab();
    const list = client.list({ status: "all" });
    expect(client.list()).toBe(list);
    list.subscribe(() => {});
    await it.pass();
    const before = list.getSnapshot();
    await it.pass(1_000);
    expect(list.getSnapshot()).toBe(before);
    it.server.inbox().create();
    await it.pass();
    expect(list.getSnapshot().notifications[1]).toBe(before.notifications[0]);
  });

  test("of the unread lose what is read and regain what becomes unread", async () => {
    const inbox = it.server.inbox();
    for (let n = 0; n < 3; n++) inbox.create();
    inbox.turn("ada-1", true);
    const { client } = it.browser.tab();
    const list = client.list({ status: "unread" });
    list.subscribe(() => {});
    const titles = (): string[] => list.getSnapshot().notifications.map(({ title }) => title);
    await it.pass();
    inbox.turn("ada-3", true);
    await it.pass();
    expect(titles()).toEqual(["Title 2"]);
    inbox.turn("ada-1", false); // never loaded here
    await it.pass();
    expect(titles()).toEqual(["Title 2", "Title 1"]);
  });

  test("of a category take only its own", async () => {
    const { client } = it.browser.tab();
    const list = client.list({ category: "billing" });
    list.subscribe(() => {});
    await it.pass();
    it.server.inbox().create({ category: "team" });
    it.server.inbox().create({ category: "billing" });
    await it.pass();
    expect(list.getSnapshot().notifications.map(({ category }) => category)).toEqual(["billing"]);
  });

  test("show why a fetch failed, keep what they have, and recover with the connection", async () => {
    it.server.refusals.set("GET /", [503]);
    it.server.inbox().create();
    const tab = it.browser.tab();
    const list = tab.client.list();
    list.subscribe(() => {});
    await it.pass();
    expect(list.getSnapshot()).toMatchObject({ error: null, isLoading: false });
    it.server.refusals.set("GET /", [500]);
    await list.refetch();
    expect(list.getSnapshot().error?.status).toBe(500);
    expect(tab.titles).toEqual(["Title 1"]);
    await list.refetch();
    expect(list.getSnapshot().error).toBeNull();
  });

  test("a cursor that is refused begins the walk anew", async () => {
    for (let n = 0; n < 30; n++) it.server.inbox().create();
    const tab = it.browser.tab();
    const list = tab.client.list();
    list.subscribe(() => {});
    await it.pass();
    it.server.refusals.set("GET /", [400]);
    await list.fetchMore();
    expect(list.getSnapshot()).toMatchObject({ error: null, hasMore: true });
    expect(tab.titles).toHaveLength(20);
  });
});

describe("preferences", () => {
  const it = world();
  const open = async (): Promise<Tab> => {
    const on = { enabled: true, locked: false, source: "default" } as const;
    it.server.inbox().preferences = {
      ...it.server.inbox().preferences,
      inApp: true,
      email: true,
      categories: { team: { email: false } },
      effective: [
        { category: "billing", label: "Billing", channels: { inApp: { ...on, locked: true }, email: on } },
        { category: "team", label: "Team", channels: { inApp: on, email: { ...on, enabled: false } } },
      ],
    };
    const tab = it.browser.tab();
    preferencesOf(tab.client).subscribe(() => {});
    await it.pass();
    return tab;
  };

  test("a switch moves at once, and keeps the other choices", async () => {
    const tab = await open();
    const preferences = preferencesOf(tab.client);
    const done = preferences.set("billing", "email", false);
    expect(preferences.getSnapshot()).toMatchObject({ isSaving: true, error: null });
    expect(preferences.getSnapshot().preferences?.effective[0]?.channels.email.enabled).toBe(false);
    await done;
    expect(preferences.getSnapshot().isSaving).toBe(false);
    expect(it.server.requests.find(({ method }) => method === "PUT")?.body).toEqual({
      categories: { team: { email: false }, billing: { email: false } },
    });
  });

  test("a refusal puts the switch back and says why", async () => {
    const tab = await open();
    const preferences = preferencesOf(tab.client);
    it.server.refusals.set("PUT /preferences", [422]);
    const done = preferences.set(null, "email", false);
    expect(preferences.getSnapshot().preferences?.email).toBe(false);
    await expect(done).rejects.toMatchObject({ status: 422 });
    expect(preferences.getSnapshot().preferences?.email).toBe(true);
    expect(preferences.getSnapshot().error?.status).toBe(422);
  });

  test("a channel that is off dims its column but for what is locked", async () => {
    const tab = await open();
    void preferencesOf(tab.client).set(null, "inApp", false);
    const rows = preferencesOf(tab.client).getSnapshot().preferences?.effective;
    expect(rows?.map(({ channels }) => channels.inApp.enabled)).toEqual([true, false]);
  });

  test("quiet hours and digests are shown at once, and put back if refused", async () => {
    const tab = await open();
    const preferences = preferencesOf(tab.client);
    const quietHours = { start: "22:00", end: "07:00" };
    const times = (): unknown => {
      const known = preferences.getSnapshot().preferences;
      return [known?.quietHours, known?.emailDigest, known?.emailDigestHour];
    };
    const done = preferences.update({ quietHours, emailDigest: "daily", emailDigestHour: 18 });
    expect(times()).toEqual([quietHours, "daily", 18]);
    await done;
    expect(times()).toEqual([quietHours, "daily", 18]);
    it.server.refusals.set("PUT /preferences", [422]);
    const refused = preferences.update({ quietHours: null });
    expect(times()).toEqual([null, "daily", 18]);
    await expect(refused).rejects.toMatchObject({ status: 422 });
    expect(times()).toEqual([quietHours, "daily", 18]);
  });

  test("what is changed elsewhere is fetched", async () => {
    const tab = await open();
    it.server.inbox().save({ email: false });
    await it.pass();
    expect(preferencesOf(tab.client).getSnapshot().preferences?.email).toBe(false);
  });
});
