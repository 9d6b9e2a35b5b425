/**
 * One tab and its connection: opening, losing, resuming, tokens.
 *
 * Not here: polling (`polling.test.ts`), several tabs (`tabs.test.ts`), toasts (`toasts.test.ts`).
 */
import { describe, expect, test, vi } from "vitest";
import { world } from "./support/world.js";

describe("the connection", () => {
  const it = world();

  test("nothing is sent before something subscribes", async () => {
    const { client } = it.browser.tab();
    client.getSnapshot();
    client.list().getSnapshot();
    await it.pass(5_000);
    expect(it.server.requests).toEqual([]);
  });

  test("the first subscription opens one stream, from where the first answer stood", async () => {
    it.server.inbox().create();
    const tab = it.browser.tab();
    tab.mount();
    await it.pass();
    expect(tab.state).toBe("live");
    expect(tab.unread).toBe(1);
    expect(it.server.streams.size).toBe(1);
    expect(it.server.requests.find(({ path }) => path === "/stream")?.lastEventId).toBe("1");
  });

  test("an address with a slash at its end leads to the same place", async () => {
    const tab = it.browser.tab({ baseUrl: "http://grelot.test/" });
    tab.mount();
    await it.pass();
    expect(tab.state).toBe("live");
    expect(it.server.count("GET", "/stream")).toBe(1);
  });

  test("the last unsubscribe closes it, a tick later", async () => {
    const tab = it.browser.tab();
    const unmount = tab.mount();
    await it.pass();
    unmount();
    tab.mount(); // StrictMode: away and back at once
    await it.pass();
    expect(it.server.count("GET", "/stream")).toBe(1);
    const other = it.browser.tab();
    const end = other.mount();
    await it.pass();
    end();
    await it.pass();
    expect(it.server.streams.size).toBe(1);
  });

  test("everything is let go with the last subscription", async () => {
    const tab = it.browser.tab();
    const unmount = tab.mount();
    await it.pass();
    unmount();
    await it.pass();
    expect(it.server.streams.size).toBe(0);
    expect(it.browser.locks.size).toBe(0);
    expect(it.browser.openPorts).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("the count follows the stream, and the snapshot is the same object until it changes", async () => {
    const tab = it.browser.tab();
    tab.mount();
    await it.pass();
    const before = tab.client.getSnapshot();
    await it.pass(5_000);
    expect(tab.client.getSnapshot()).toBe(before);
    it.server.inbox().create();
    await it.pass();
    expect(tab.unread).toBe(1);
    expect(tab.client.getSnapshot()).not.toBe(before);
  });

  test("a lost stream is resumed from the last seq after the server's retry, and nothing is missed", async () => {
    const tab = it.browser.tab();
    tab.mount();
    tab.client.list().subscribe(() => {});
    await it.pass();
    it.server.inbox().create();
    await it.pass();
    it.server.kill();
    await it.pass();
    expect(tab.state).toBe("connecting");
    await it.pass(3_000);
    expect(tab.state).toBe("offline");
    for (let n = 0; n < 3; n++) it.server.inbox().create();
    it.server.mode = "up";
    await it.pass(30_000);
    expect(tab.state).toBe("live");
    expect(tab.titles).toEqual(["Title 4", "Title 3", "Title 2", "Title 1"]);
    expect(tab.unread).toBe(4);
    expect(it.server.lastStream?.lastEventId).toBe("1");
  });

  test("waits grow with jitter, up to half a minute", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    const tab = it.browser.tab();
    tab.mount();
    await it.pass();
    it.server.kill();
    const at: number[] = [];
    const original = it.server.fetch;
    it.server.fetch = (input, init) => {
      if (String(input).endsWith("/stream")) at.push(Date.now());
      return original(input, init);
    };
    await it.pass(200_000);
    const waits = at.slice(1).map((time, n) => time - (at[n] ?? 0));
    expect(waits.slice(0, 6)).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  test("a server that asks for a minute gets it", async () => {
    const tab = it.browser.tab();
    tab.mount();
    await it.pass();
    for (const stream of [...it.server.streams]) {
      stream.send("retry: 60000\n\n");
      stream.close();
    }
    await it.pass(59_000);
    expect(it.server.count("GET", "/stream")).toBe(1);
    await it.pass(2_000);
    expect(it.server.count("GET", "/stream")).toBe(2);
  });

  test("a stream that goes quiet is replaced after two and a half pings", async () => {
    it.server.pingSeconds = 10;
    const tab = it.browser.tab();
    tab.mount();
    await it.pass();
    const [stream] = it.server.streams;
    await it.pass(20_000);
    stream?.send('event: ping\ndata: {"seq":0}\nid: 0\n\n');
    await it.pass(24_000);
    expect(it.server.count("GET", "/stream")).toBe(1);
    await it.pass(1_500);
    expect(it.server.count("GET", "/stream")).toBe(2);
    expect(it.server.streams.size).toBe(1);
    expect(tab.state).toBe("live");
  });

  test("being looked at ends a wait", async () => {
    const tab = it.browser.tab();
    tab.mount();
    await it.pass();
    it.server.kill();
    await it.pass(20_000);
    it.server.mode = "up";
    tab.document.dispatchEvent(new Event("visibilitychange"));
    await it.pass();
    expect(tab.state).toBe("live");
  });

  test("being looked at leaves a healthy stream alone", async () => {
    const tab = it.browser.tab();
    tab.mount();
    await it.pass();
    tab.document.dispatchEvent(new Event("visibilitychange"));
    await it.pass();
    expect(it.server.count("GET", "/stream")).toBe(1);
  });

  test("when the network comes back the stream is renewed at once, without a gap between", async () => {
    const tab = it.browser.tab();
    tab.mount();
    await it.pass();
    tab.window.dispatchEvent(new Event("online"));
    await it.pass();
    expect(it.server.count("GET", "/stream")).toBe(2);
    expect(it.server.streams.size).toBe(1);
  });

  test("a failed start is tried again, and shows as offline", async () => {
    it.server.mode = "down";
    const tab = it.browser.tab();
    tab.mount();
    await it.pass();
    expect(tab.state).toBe("offline");
    it.server.mode = "up";
    await it.pass(5_000);
    expect(tab.state).toBe("live");
  });

  test("a reset fetches what is looked at again", async () => {
    const inbox = it.server.inbox();
    const tab = it.browser.tab();
    tab.mount();
    tab.client.list().subscribe(() => {});
    await it.pass();
    it.server.kill();
    for (let n = 0; n < 5; n++) inbox.create();
    inbox.pruned = inbox.seq;
    it.server.mode = "up";
    await it.pass(10_000);
    expect(tab.titles).toHaveLength(5);
    expect(tab.unread).toBe(5);
  });

  test("an event the client does not know changes nothing but the cursor", async () => {
    const tab = it.browser.tab();
    tab.mount();
    await it.pass();
    const [stream] = it.server.streams;
    stream?.send('event: notification.pinned\ndata: {"seq":7}\nid: 7\n\n');
    await it.pass();
    expect(tab.state).toBe("live");
    expect(tab.client.getSnapshot().seq).toBe(7);
  });

  test("a storm costs few renders", async () => {
    const tab = it.browser.tab();
    tab.mount();
    await it.pass(1_000);
    let told = 0;
    tab.client.subscribe(() => told++);
    for (let n = 0; n < 500; n++) {
      it.server.inbox().create();
      await it.pass(2);
    }
    await it.pass(1_000);
    expect(tab.unread).toBe(500);
    expect(told).toBeLessThan(30);
  });
});

describe("the token", () => {
  const it = world();

  test("is asked for once, sent with each request, and no cookie with it", async () => {
    it.server.tokens.set("one", "ada");
    const getToken = vi.fn(() => "one");
    const tab = it.browser.tab({ getToken });
    tab.mount();
    await it.pass();
    expect(tab.state).toBe("live");
    expect(getToken.mock.calls).toEqual([[{ refresh: false }]]);
    expect(new Set(it.server.requests.map(({ authorization }) => authorization))).toEqual(new Set(["Bearer one"]));
  });

  test("is renewed on 401, once, and the request repeated", async () => {
    it.server.tokens.set("two", "ada");
    const getToken = vi.fn(({ refresh }: { refresh: boolean }) => (refresh ? "two" : "one"));
    const tab = it.browser.tab({ getToken });
    tab.mount();
    await it.pass();
    expect(tab.state).toBe("live");
    expect(getToken.mock.calls).toEqual([[{ refresh: false }], [{ refresh: true }]]);
  });

  test("refused after renewal means unauthorized, and nothing more is sent", async () => {
    const tab = it.browser.tab({ getToken: () => "bad" });
    tab.mount();
    await it.pass();
    expect(tab.state).toBe("unauthorized");
    const { length } = it.server.requests;
    await it.pass(600_000);
    expect(it.server.requests).toHaveLength(length);
  });

  test("without one nothing is sent: no cookie speaks instead", async () => {
    const tab = it.browser.tab({ getToken: () => null });
    tab.mount();
    tab.client.list().subscribe(() => {});
    await it.pass();
    expect(tab.state).toBe("unauthorized");
    expect(it.server.requests).toEqual([]);
  });

  test("an expiring one is renewed beforehand, the new stream overlapping the old", async () => {
    it.server.tokens.set("one", "ada").set("two", "ada");
    const getToken = vi.fn(({ refresh }: { refresh: boolean }) => (refresh ? "two" : "one"));
    const tab = it.browser.tab({ getToken });
    tab.mount();
    await it.pass(10_000);
    const [old] = it.server.streams;
    let most = 0;
    const original = it.server.fetch;
    it.server.fetch = async (input, init) => {
      const answer = await original(input, init);
      most = Math.max(most, it.server.streams.size);
      return answer;
    };
    old?.send('event: expiring\ndata: {"seq":0,"expiresAt":"2026-11-24T10:00:40.000Z"}\nid: 0\n\n');
    await it.pass();
    expect(it.server.requests.at(-1)?.authorization).toBe("Bearer two");
    expect(most).toBe(2);
    expect([...it.server.streams]).not.toContain(old);
    expect(it.server.streams.size).toBe(1);
    expect(tab.state).toBe("live");
  });

  test("one that could not be renewed in time is, before the next attempt: none is refused", async () => {
    it.server.tokens.set("one", "ada").set("two", "ada");
    const getToken = vi.fn(({ refresh }: { refresh: boolean }) => (refresh ? "two" : "one"));
    const tab = it.browser.tab({ getToken });
    tab.mount();
    await it.pass(4_000);
    const [old] = it.server.streams;
    old?.send('event: expiring\ndata: {"seq":0}\nid: 0\n\n');
    await it.pass(2_000);
    it.server.tokens.delete("one");
    old?.close();
    await it.pass(3_000);
    expect(tab.state).toBe("live");
    expect(it.server.requests.filter(({ user }) => user === null)).toEqual([]);
  });

  test("where a stream ends with its token, the next one is there at once, and no gap is shown", async () => {
    it.server.tokens.set("one", "ada").set("two", "ada");
    const tab = it.browser.tab({ getToken: ({ refresh }) => (refresh ? "two" : "one") });
    tab.mount();
    await it.pass(4_000);
    const states = new Set<string>();
    tab.client.subscribe(() => states.add(tab.state));
    const [old] = it.server.streams;
    old?.send('event: expiring\ndata: {"seq":0}\nid: 0\n\n');
    await it.pass(2_000);
    it.server.tokens.delete("one");
    old?.close();
    await it.pass(10);
    expect(it.server.streams.size).toBe(1);
    it.server.inbox().create();
    await it.pass(200);
    expect(tab.unread).toBe(1);
    expect([...states]).toEqual(["live"]);
  });

  test("one that expires sooner than the warning is not renewed without end", async () => {
    let issued = 0;
    const getToken = (): string => {
      it.server.tokens.set(`t${++issued}`, "ada");
      return `t${issued}`;
    };
    const tab = it.browser.tab({ getToken });
    const original = it.server.fetch;
    it.server.fetch = async (input, init) => {
      const answer = await original(input, init);
      for (const stream of it.server.streams) stream.send('event: expiring\ndata: {"seq":0}\nid: 0\n\n');
      return answer;
    };
    tab.mount();
    await it.pass(20_500);
    expect(issued).toBeLessThanOrEqual(5);
    expect(tab.state).toBe("live");
  });

  test("a getToken that throws is no refusal: it is tried again", async () => {
    it.server.tokens.set("one", "ada");
    let fails = true;
    const getToken = (): string => {
      if (fails) throw new Error("network");
      return "one";
    };
    const tab = it.browser.tab({ getToken });
    tab.mount();
    await it.pass();
    expect(tab.state).toBe("offline");
    fails = false;
    await it.pass(5_000);
    expect(tab.state).toBe("live");
  });

  test("a stream refused in mid-life ends as unauthorized and keeps what is shown; connecting again recovers", async () => {
    it.server.tokens.set("one", "ada");
    it.server.inbox().create();
    const tab = it.browser.tab({ getToken: () => "one" });
    tab.mount();
    await it.pass();
    it.server.tokens.clear();
    for (const stream of [...it.server.streams]) stream.close();
    await it.pass(5_000);
    expect(tab.state).toBe("unauthorized");
    expect(tab.unread).toBe(1);
    expect(it.browser.locks.size).toBe(0);
    it.server.tokens.set("one", "ada");
    tab.client.connect();
    await it.pass();
    expect(tab.state).toBe("live");
  });
});

describe("another user", () => {
  const it = world();

  test("a refused stream never goes on as somebody else: all is cleared and begins anew", async () => {
    it.server.tokens.set("a", "ada").set("b", "bob");
    it.server.inbox("ada").create({ title: "for ada" });
    it.server.inbox("bob").create({ title: "for bob" });
    it.server.inbox("bob").create({ title: "for bob too" });
    const tab = it.browser.tab({ getToken: ({ refresh }) => (refresh ? "b" : "a") });
    const seen: string[][] = [];
    const list = tab.client.list();
    list.subscribe(() => seen.push(tab.titles));
    await it.pass();
    expect(tab.titles).toEqual(["for ada"]);
    it.server.tokens.delete("a");
    for (const stream of [...it.server.streams]) stream.close();
    await it.pass(5_000);
    expect(tab.titles).toEqual(["for bob too", "for bob"]);
    expect(tab.unread).toBe(2);
    expect(seen.some((titles) => titles.includes("for ada") && titles.includes("for bob"))).toBe(false);
    const streams = it.server.requests.filter(({ path }) => path === "/stream");
    expect(streams.at(-1)).toMatchObject({ user: "bob", lastEventId: "2" });
  });

  test("what was on its way for the last one does not arrive", async () => {
    it.server.inbox("ada").create({ title: "for ada" });
    const tab = it.browser.tab();
    tab.client.list().subscribe(() => {});
    await it.pass();
    let open = (): void => {};
    it.server.gate = new Promise((resolve) => {
      open = resolve;
    });
    const late = tab.client.list().refetch();
    it.server.gate = undefined;
    it.server.cookie = "bob";
    tab.document.dispatchEvent(new Event("visibilitychange"));
    await it.pass();
    it.server.cookie = "ada";
    open();
    it.server.cookie = "bob";
    await late;
    await it.pass();
    expect(tab.client.getSnapshot().user).toBe("digest-of-bob");
    expect(tab.titles).toEqual([]);
  });

  test("actions of the last one are dropped, not sent as the next", async () => {
    const mine = it.server.inbox("ada").create();
    const tab = it.browser.tab();
    tab.client.list().subscribe(() => {});
    await it.pass();
    it.server.refusals.set(`POST /${mine.id}/read`, [503]);
    const asked = tab.client.markAsRead(mine.id);
    await it.pass();
    it.server.cookie = "bob";
    tab.document.dispatchEvent(new Event("visibilitychange"));
    await expect(asked).rejects.toMatchObject({ status: 401 });
    await it.pass(60_000);
    expect(it.server.requests.filter(({ user, method }) => user === "bob" && method === "POST")).toEqual([]);
  });
});
