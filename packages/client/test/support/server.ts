/**
 * Grelot's user plane in memory, as the contract states it: what the client's tests talk to instead of a network.
 *
 * Not here: the internal plane, cursors that are authenticated, anything about durability.
 */
import type { EventData, Notification, Preferences, ServerEvent } from "../../src/api/types.js";

const WALKED = 1_000;

/** One user's inbox, and all that ever happened in it. */
export class Inbox {
  seq = 0;
  rows = new Map<string, Notification>();
  log: ServerEvent[] = [];
  /** What is not kept any more: a cursor below it gets a reset. */
  pruned = 0;
  preferences: Preferences = {
    inApp: true,
    email: true,
    categories: {},
    quietHours: null,
    emailDigest: "off",
    emailDigestHour: 9,
    timezone: "UTC",
    effective: [],
  };
  listeners = new Set<(event: ServerEvent) => void>();

  readonly user: string;

  constructor(user: string) {
    this.user = user;
  }

  get unread(): number {
    return [...this.rows.values()].filter(({ readAt }) => !readAt).length;
  }

  create(over: Partial<Notification> = {}): Notification {
    const seq = this.seq + 1;
    const notification: Notification = {
      id: `${this.user}-${seq}`,
      userId: this.user,
      seq,
      type: "INFO",
      category: null,
      title: `Title ${seq}`,
      body: null,
      link: null,
      data: null,
      readAt: null,
      createdAt: new Date().toISOString(),
      ...over,
    };
    this.rows.set(notification.id, notification);
    this.commit("notification.created", { notification });
    return notification;
  }

  turn(id: string, read: boolean): Notification | undefined {
    const row = this.rows.get(id);
    if (!row || !row.readAt !== read) return row;
    const readAt = read ? new Date().toISOString() : null;
    this.rows.set(id, { ...row, readAt });
    this.commit(read ? "notification.read" : "notification.unread", { id, readAt });
    return this.rows.get(id);
  }

  readAll(upToSeq = this.seq, category: string | null = null): number {
    const upTo = Math.min(upToSeq, this.seq);
    const hit = [...this.rows.values()].filter(
      (n) => !n.readAt && n.seq <= upTo && (category === null || n.category === category),
    );
    const readAt = new Date().toISOString();
    for (const n of hit) this.rows.set(n.id, { ...n, readAt });
    if (hit.length) this.commit("notification.all_read", { readAt, upToSeq: upTo, category });
    return hit.length;
  }

  delete(id: string): boolean {
    if (!this.rows.delete(id)) return false;
    this.commit("notification.deleted", { id });
    return true;
  }

  save(update: Partial<Preferences>): void {
    this.preferences = { ...this.preferences, ...update };
    this.commit("preferences.updated", {});
  }

  /** The server's order: unread first, newest first in each. */
  list(): Notification[] {
    return [...this.rows.values()].sort((a, b) => Number(!!a.readAt) - Number(!!b.readAt) || b.seq - a.seq);
  }

  /** As the stream replays: a created one as it is now, none of one that is gone. Null where it cannot. */
  since(cursor: number): ServerEvent[] | null {
    if (!(cursor <= this.seq) || cursor < this.pruned) return null;
    const late = this.log.filter(({ seq }) => seq > cursor);
    if (late.length > WALKED) return null;
    return late.flatMap((event) => {
      const data = { ...event.data, unreadCount: this.unread };
      if (event.event !== "notification.created") return [{ ...event, data } as ServerEvent];
      const notification = this.rows.get(event.data.notification.id);
      return notification ? [{ ...event, data: { ...event.data, ...data, notification } } as ServerEvent] : [];
    });
  }

  private commit<K extends keyof EventData>(event: K, data: Omit<EventData[K], "seq" | "unreadCount">): void {
    this.seq++;
    const full = { event, seq: this.seq, data: { ...data, unreadCount: this.unread, seq: this.seq } };
    this.log.push(full as unknown as ServerEvent);
    for (const listener of this.listeners) listener(full as unknown as ServerEvent);
  }
}

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly user: string | null;
  readonly lastEventId: string | null;
  readonly authorization: string | null;
  readonly body: unknown;
  readonly keepalive: boolean;
}

export class FakeServer {
  inboxes = new Map<string, Inbox>();
  tokens = new Map<string, string>();
  /** Whose cookie the browser holds. */
  cookie: string | null = "ada";
  /** `down`: no answer at all. `buffering`: streams are accepted and nothing comes out. */
  mode: "up" | "down" | "buffering" | "page" = "up";
  /** Answers instead of the real one, once each: by method and path. */
  refusals = new Map<string, number[]>();
  /** Held answers wait until it is called. */
  gate: Promise<void> | undefined;
  requests: Seen[] = [];
  streams = new Set<{ user: string; send(text: string): void; close(): void; fail(): void }>();
  pingSeconds = 30;
  retry = 2_000;

  inbox(user = "ada"): Inbox {
    let inbox = this.inboxes.get(user);
    if (!inbox) {
      inbox = new Inbox(user);
      this.inboxes.set(user, inbox);
    }
    return inbox;
  }

  /** The newest request for a stream. */
  get lastStream(): Seen | undefined {
    return this.requests.filter(({ path }) => path === "/stream").at(-1);
  }

  count(method: string, path: string): number {
    return this.requests.filter((seen) => seen.method === method && seen.path.startsWith(path)).length;
  }

  /** The process dies: every stream breaks, nothing answers. */
  kill(): void {
    this.mode = "down";
    for (const stream of [...this.streams]) stream.fail();
  }

  fetch: typeof fetch = async (input, init = {}) => {
    const url = new URL(String(input), "http://grelot.test");
    const path = url.pathname.replace("/api/notifications", "") || "/";
    const method = init.method ?? "GET";
    const headers = new Headers(init.headers);
    const authorization = headers.get("authorization");
    const user = authorization
      ? (this.tokens.get(authorization.replace("Bearer ", "")) ?? null)
      : init.credentials === "omit"
        ? null
        : this.cookie;
    this.requests.push({
      method,
      path: path + url.search,
      user,
      lastEventId: headers.get("last-event-id"),
      authorization,
      body: init.body ? JSON.parse(String(init.body)) : undefined,
      keepalive: !!init.keepalive,
    });
    const aborted = new Promise<never>((_, reject) => {
      init.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
    });
    aborted.catch(() => {});
    if (init.signal?.aborted) throw new DOMException("aborted", "AbortError");
    if (this.gate) await Promise.race([this.gate, aborted]);
    if (this.mode === "down") throw new TypeError("fetch failed");
    const refusal = this.refusals.get(`${method} ${path}`)?.shift();
    if (refusal) return this.problem(refusal);
    if (!user) return this.problem(401);
    const inbox = this.inbox(user);
    if (path === "/stream") return this.stream(inbox, headers.get("last-event-id"), init.signal ?? undefined, aborted);
    if (path === "/changes") return Promise.race([this.changes(inbox, url.searchParams), aborted]);
    return this.answer(inbox, method, path, url.searchParams, init.body ? JSON.parse(String(init.body)) : {});
  };

  private headers(user: string): Record<string, string> {
    return { "grelot-user": `digest-of-${user}`, "grelot-ping": `${this.pingSeconds}` };
  }

  private json(inbox: Inbox, body: object): Response {
    return Response.json(body, { headers: this.headers(inbox.user) });
  }

  private problem(status: number): Response {
    const body = { type: "/problems/test", title: `Refused ${status}`, status };
    return Response.json(body, { status, headers: { "content-type": "application/problem+json" } });
  }

  private answer(inbox: Inbox, method: string, path: string, query: URLSearchParams, body: unknown): Response {
    const at = { unreadCount: inbox.unread, seq: inbox.seq };
    const after = (): object => ({ unreadCount: inbox.unread, seq: inbox.seq });
    if (path === "/unread-count") return this.json(inbox, at);
    if (path === "/preferences") {
      if (method === "PUT") inbox.save(body as Partial<Preferences>);
      return this.json(inbox, inbox.preferences);
    }
    if (path === "/read-all") {
      const { upToSeq, category } = body as { upToSeq?: number; category?: string };
      return this.json(inbox, { updated: inbox.readAll(upToSeq, category), ...after() });
    }
    if (path === "/") {
      const limit = Number(query.get("limit") ?? 20);
      const skip = Number(query.get("cursor") ?? 0);
      const status = query.get("status") ?? "all";
      const fits = inbox.list().filter((n) => {
        if (status !== "all" && (status === "read") !== !!n.readAt) return false;
        return !query.has("category") || n.category === query.get("category");
      });
      const nextCursor = skip + limit < fits.length ? `${skip + limit}` : null;
      return this.json(inbox, { notifications: fits.slice(skip, skip + limit), nextCursor, ...at });
    }
    const [, id = "", verb] = path.split("/");
    if (method === "DELETE") {
      if (!inbox.delete(id)) return this.problem(404);
      return new Response(null, { status: 204, headers: this.headers(inbox.user) });
    }
    if (method === "POST" && inbox.rows.has(id)) {
      const notification = inbox.turn(id, verb === "read");
      return this.json(inbox, { notification, ...after() });
    }
    return this.problem(404);
  }

  private changes(inbox: Inbox, query: URLSearchParams): Response | Promise<Response> {
    const since = Number(query.get("since"));
    const events = inbox.since(since);
    const { seq } = inbox;
    if (!events) return this.json(inbox, { events: [], seq, more: false, reset: true, unreadCount: inbox.unread });
    if (events.length || query.get("wait") === "0") {
      const part = events.slice(0, 500);
      const more = part.length < events.length;
      return this.json(inbox, { events: part, seq: more ? part.at(-1)?.seq : seq, more, reset: false });
    }
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        inbox.listeners.delete(end);
        resolve(this.json(inbox, { events: inbox.since(since), seq: inbox.seq, more: false, reset: false }));
      };
      const timer = setTimeout(end, Number(query.get("wait")) * 1_000);
      inbox.listeners.add(end);
    });
  }

  private stream(
    inbox: Inbox,
    cursor: string | null,
    signal: AbortSignal | undefined,
    aborted: Promise<never>,
  ): Response | Promise<Response> {
    if (this.mode === "buffering") return aborted;
    // What a proxy may put in its place, with lines that a reader of streams would take for an event.
    if (this.mode === "page") {
      const text = '<!doctype html>\n\ndata: {"seq": 1, "unreadCount": 7}\n\n';
      return new Response(text, { headers: { "content-type": "text/html" } });
    }
    const encoder = new TextEncoder();
    const block = ({ event, seq, data }: { event: string; seq: number; data: object }): string =>
      `event: ${event}\ndata: ${JSON.stringify(data)}\nid: ${seq}\n\n`;
    let end = (): void => {};
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const live = (event: ServerEvent): void => send(block(event));
        const send = (text: string): void => controller.enqueue(encoder.encode(text));
        const leave = (finish: () => void) => (): void => {
          if (!this.streams.delete(stream)) return;
          inbox.listeners.delete(live);
          finish();
        };
        const stream = {
          user: inbox.user,
          send,
          close: leave(() => controller.close()),
          fail: leave(() => controller.error(new TypeError("terminated"))),
        };
        end = leave(() => {});
        signal?.addEventListener("abort", () => stream.fail());
        this.streams.add(stream);
        inbox.listeners.add(live);
        const replay = cursor ? inbox.since(Number(cursor)) : [];
        const { seq, unread: unreadCount } = inbox;
        send(`retry: ${this.retry}\n\n`);
        for (const event of replay ?? []) send(block(event));
        if (replay) send(block({ event: "ready", seq, data: { unreadCount, seq, resumed: !!cursor } }));
        else send(block({ event: "reset", seq, data: { unreadCount, seq } }));
      },
      cancel: () => end(),
    });
    const headers = { ...this.headers(inbox.user), "content-type": "text/event-stream; charset=utf-8" };
    return new Response(body, { headers });
  }
}
