/** The hooks, as an application without our components uses them. */
import { createClient, type ToastEvent } from "@grelot/client";
import { type ReactElement, useState } from "react";
import { describe, expect, test, vi } from "vitest";
import {
  GrelotProvider,
  type UseNotifications,
  type UsePreferences,
  useNotificationEvents,
  useNotifications,
  usePreferences,
  useUnreadCount,
} from "../../src/index.js";
import { stage, until } from "../support/stage.js";

describe("the hooks", () => {
  const it = stage();

  test("useNotifications gives the list, the count and what can be done", async () => {
    it.inbox.create({ title: "A" });
    let now: UseNotifications | undefined;
    function App(): null {
      now = useNotifications();
      return null;
    }
    it.show(<App />);
    await until(() => expect(now?.connectionState).toBe("live"));
    await until(() => expect(now?.isLoading).toBe(false));
    expect(now).toMatchObject({ unreadCount: 1, error: null, hasMore: false });
    const id = now?.notifications[0]?.id as string;
    await now?.markAsRead(id);
    await until(() => expect(now?.unreadCount).toBe(0));
    await now?.markAsUnread(id);
    await until(() => expect(now?.unreadCount).toBe(1));
    await now?.markAllAsRead();
    await until(() => expect(now?.unreadCount).toBe(0));
    await now?.remove(id);
    await until(() => expect(now?.notifications).toEqual([]));
    expect(it.inbox.rows.size).toBe(0);
  });

  test("filters by what the options say, written in place", async () => {
    it.inbox.create({ title: "A", category: "billing" });
    it.inbox.create({ title: "B", category: "social" });
    let now: UseNotifications | undefined;
    function App({ category }: { category: string }): null {
      now = useNotifications({ filter: { category } });
      return null;
    }
    it.show(<App category="billing" />);
    await until(() => expect(now?.notifications.map(({ title }) => title)).toEqual(["A"]));
    await now?.markAllAsRead();
    await until(() => expect(now?.unreadCount).toBe(1));
  });

  test("the same functions at each render, and a render only when something changed", async () => {
    const seen = new Set<unknown>();
    let renders = 0;
    function App(): null {
      const { fetchMore, refetch, markAsRead, markAsUnread, markAllAsRead, remove, unreadCount } = useNotifications({
        toast: () => {},
      });
      renders++;
      for (const each of [fetchMore, refetch, markAsRead, markAsUnread, markAllAsRead, remove]) seen.add(each);
      last = unreadCount;
      return null;
    }
    let last = 0;
    it.show(<App />);
    await until(() => expect(it.server.streams.size).toBe(1));
    it.inbox.create();
    await until(() => expect(last).toBe(1));
    // StrictMode calls a component twice, and keeps the first of what it memoises.
    expect(seen.size).toBeLessThanOrEqual(7);
    const before = renders;
    for (const stream of it.server.streams) {
      stream.send(`event: ping\ndata: {"seq":${it.inbox.seq}}\nid: ${it.inbox.seq}\n\n`);
    }
    it.inbox.create();
    await until(() => expect(last).toBe(2));
    expect(renders - before).toBeLessThanOrEqual(2 * 2);
  });

  test("StrictMode opens one stream, and the last component to leave closes it", async () => {
    function App(): ReactElement {
      return <b>{useUnreadCount()}</b>;
    }
    it.show(<App />);
    await until(() => expect(it.server.streams.size).toBe(1));
    expect(it.server.count("GET", "/stream")).toBe(1);
    it.hide();
    await until(() => expect(it.server.streams.size).toBe(0));
  });

  test("events and toasts are told to the newest handler, once each", async () => {
    const events = vi.fn();
    const toasts: ToastEvent[] = [];
    function App(): null {
      useNotificationEvents((event, { replayed }) => events(event.event, replayed));
      useNotifications({ toast: (toast) => toasts.push(toast) });
      return null;
    }
    it.show(<App />);
    await until(() => expect(events).toHaveBeenCalledWith("ready", false));
    it.inbox.create({ title: "News" });
    await until(() => expect(toasts).toHaveLength(1));
    expect(events.mock.calls.filter(([name]) => name === "notification.created")).toHaveLength(1);
    expect(toasts[0]).toMatchObject({ kind: "notification", notification: { title: "News" } });
  });

  test("usePreferences shows a choice at once and takes it back when it is refused", async () => {
    let now: UsePreferences | undefined;
    function App(): null {
      now = usePreferences();
      return null;
    }
    it.show(<App />);
    await until(() => expect(now?.preferences).toMatchObject({ inApp: true, email: true }));
    await now?.set(null, "email", false);
    await until(() => expect(now?.preferences?.email).toBe(false));
    expect(it.inbox.preferences.email).toBe(false);
    it.server.refusals.set("PUT /preferences", [422]);
    await expect(now?.set(null, "inApp", false)).rejects.toMatchObject({ status: 422 });
    await until(() => expect(now?.preferences?.inApp).toBe(true));
  });

  test("a token function written in place is called as it is now, by one client", async () => {
    it.server.tokens.set("t1", "ada");
    const getToken = vi.fn(() => "t1");
    function App(): ReactElement {
      return <b>{useUnreadCount()}</b>;
    }
    it.show(<App />, { getToken: () => getToken(), credentials: "omit" });
    await until(() => expect(it.server.streams.size).toBe(1));
    expect(it.server.lastStream?.authorization).toBe("Bearer t1");
    expect(getToken).toHaveBeenCalledTimes(1);
  });

  test("labels are asked for in the provider's language, and again when it changes", async () => {
    const asked: (string | null)[] = [];
    vi.stubGlobal("fetch", (input: string, init: RequestInit) => {
      if (input.endsWith("/preferences")) asked.push(new Headers(init.headers).get("accept-language"));
      return it.server.fetch(input, init);
    });
    let switchTo: (locale: string) => void = () => {};
    function Page(): ReactElement {
      const [locale, set] = useState("en");
      switchTo = set;
      return (
        <GrelotProvider baseUrl="http://labels.test" credentials="include" locale={locale}>
          <App />
        </GrelotProvider>
      );
    }
    function App(): ReactElement {
      return <b>{String(usePreferences().isLoading)}</b>;
    }
    it.show(<Page />);
    await until(() => expect(asked).toEqual(["en"]));
    switchTo("fr");
    await until(() => expect(asked).toEqual(["en", "fr"]));
  });

  test("a client of the application's own is used", async () => {
    const client = createClient({ baseUrl: "http://own.test" });
    it.inbox.create();
    function App(): ReactElement {
      return <b data-own>{useUnreadCount()}</b>;
    }
    it.show(<App />, { client });
    await until(() => expect(document.querySelector("[data-own]")?.textContent).toBe("1"));
    expect(client.getSnapshot().unreadCount).toBe(1);
  });
});
