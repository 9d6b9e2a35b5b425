/**
 * The client: who is signed in, when there is a connection, and who is told what.
 *
 * Order of things: the first answer says who the user is and where the inbox stands; then the tab joins the others of that user;
 * the one that leads opens the stream from there. An answer that was given to somebody else empties everything and begins again.
 * Not here: each of these steps by itself; this file only joins them.
 */
import { createActions } from "./actions.js";
import type { Page, ServerEvent, UnreadCount } from "./api/types.js";
import { asFailure } from "./errors.js";
import { createList, type List, same } from "./lists.js";
import { createPreferences } from "./preferences.js";
import { overlay } from "./store/ops.js";
import { applyCount, applyEvents, applyPage, applyPreferences, EMPTY, type State } from "./store/state.js";
import { createToasts } from "./toasts.js";
import { type Environment, environment, type Port } from "./transport/environment.js";
import { createHttp } from "./transport/http.js";
import { watch } from "./transport/lifecycle.js";
import { createStream, endOf } from "./transport/stream.js";
import { createTabs } from "./transport/tabs.js";
import type {
  ClientOptions,
  ClientSnapshot,
  ConnectionState,
  EventContext,
  GrelotClient,
  ListFilter,
  ToastEvent,
} from "./types.js";

/** Events are told to listeners at most this often, so that a storm costs renders and not a stall. */
const TELL_EVERY = 50;
const UNDO_DELAY = 5_000;
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;

const INITIAL: ClientSnapshot = { unreadCount: 0, seq: -1, connectionState: "connecting", user: null };

/** Makes a client. Nothing is sent or opened before something subscribes. */
export function createClient(options: ClientOptions): GrelotClient {
  return createClientIn(environment(), options);
}

/** The same in a browser that is handed in. */
export function createClientIn(env: Environment, options: ClientOptions): GrelotClient {
  const name = `grelot:${options.baseUrl}`;
  const listeners = new Set<() => void>();
  const eventHandlers = new Set<(event: ServerEvent, context: EventContext) => void>();
  const toastHandlers = new Set<(toast: ToastEvent) => void>();
  const lists = new Map<string, List>();

  let state: State = EMPTY;
  let view = overlay(state, []);
  let snapshot = INITIAL;
  let user: string | null = null;
  let connection: ConnectionState = "connecting";
  let ping = 30;
  let holds = 0;
  let unwatch: (() => void) | undefined;
  let hints: Port | undefined;
  let joined = false;
  let suspended = false;
  let catchingUp = false;
  let boots = 0;
  let bootFailures = 0;
  let bootTimer: ReturnType<typeof setTimeout> | undefined;
  let tellTimer: ReturnType<typeof setTimeout> | undefined;
  let toldAt = 0;

  const http = createHttp(env, options, (headers) => {
    ping = Number(headers.get("grelot-ping")) || ping;
    const answered = headers.get("grelot-user");
    if (answered === null || answered === user) return;
    const other = user !== null;
    user = answered;
    if (other) clear();
    hints?.postMessage(user);
    actions.restore(user);
    if (other && unwatch) void boot();
  });

  const stream = createStream(http, {
    cursor: () => state.seq,
    ping: () => ping,
    events: (events, replayed) => incoming(events, replayed),
    state: connected,
    refused,
  });

  const tabs = createTabs(env, {
    lead: stream.start,
    follow: stream.stop,
    beat: () => ({ seq: state.seq, state: connection }),
    heard(beat) {
      connected(beat.state);
      if (beat.seq > state.seq) void catchUp();
    },
    told({ from, events, replayed }) {
      if (from > state.seq) void catchUp();
      else incoming(events, replayed);
    },
  });

  const actions = createActions(http, options, {
    changed: () => commit(),
    state: () => state,
    saved: (preferences) => {
      state = applyPreferences(state, preferences);
    },
  });

  const toasts = createToasts((toast) => {
    for (const handler of [...toastHandlers]) handler(toast);
  }, tabs.toasts);

  const preferences = createPreferences({
    http,
    state: () => state,
    view: () => view,
    ops: actions.ops,
    run: actions.run,
    loaded(loaded) {
      state = applyPreferences(state, loaded);
      commit();
    },
    notify,
    subscribe,
  });

  function tell(): void {
    clearTimeout(tellTimer);
    tellTimer = undefined;
    toldAt = Date.now();
    for (const listener of [...listeners]) listener();
  }

  function notify(): void {
    if (!tellTimer) tell();
  }

  /** Something was applied: shows it, and does what follows from it. */
  function commit(soon = false): void {
    actions.prune();
    view = overlay(state, actions.ops());
    snapshot = same(snapshot, { unreadCount: view.unread, seq: state.seq, connectionState: connection, user });
    const wait = soon ? toldAt + TELL_EVERY - Date.now() : 0;
    if (wait <= 0) tell();
    else tellTimer ??= setTimeout(tell, wait);
    if (unwatch && !suspended && !joined && user !== null && state.seq >= 0 && connection !== "unauthorized") {
      joined = true;
      tabs.join(`${name}:${user}`);
    }
    check(false);
  }

  function check(retry: boolean): void {
    if (!unwatch || suspended) return;
    for (const list of lists.values()) list.check(retry);
    preferences.check(retry);
  }

  /** Events of the stream, of the leader, or of a catch-up. */
  function incoming(events: readonly ServerEvent[], replayed: boolean): void {
    const { seq: from, unread } = state;
    const fresh = events.filter(({ event, seq }) => seq > from || event === "ready" || event === "reset");
    state = applyEvents(state, fresh);
    tabs.tell({ from, events: fresh, replayed });
    for (const event of fresh) {
      if (event.event !== "ping" && event.event !== "expiring") {
        for (const handler of [...eventHandlers]) handler(event, { replayed });
      }
      toasts.see(event, replayed);
    }
    if (!replayed) toasts.caughtUp(fresh.some(({ event }) => event === "reset") ? state.unread - unread : 0);
    if (fresh.length) commit(true);
  }

  /** A follower has missed something: reads it once. Whoever led meanwhile has shown the toasts. */
  async function catchUp(): Promise<void> {
    if (catchingUp) return;
    catchingUp = true;
    try {
      let more = true;
      while (more) {
        const changes = await http.json<Parameters<typeof endOf>[0] & { events: ServerEvent[]; more: boolean }>(
          `/changes?since=${state.seq}&wait=0`,
        );
        incoming([...changes.events, endOf(changes)], true);
        more = changes.more;
      }
    } catch {
      // the next beat asks again
    } finally {
      toasts.skip();
      catchingUp = false;
    }
  }

  function connected(next: ConnectionState): void {
    if (next === connection) return;
    connection = next;
    commit();
    tabs.beat();
    if (next === "live" || next === "polling") {
      actions.resume();
      check(true);
    }
  }

  function leave(): void {
    joined = false;
    connection = "connecting";
    tabs.leave();
    stream.stop();
  }

  /** Nobody is signed in, or not any more. What is shown stays; it is cleared when the next answer is for somebody else. */
  function refused(): void {
    leave();
    connection = "unauthorized";
    commit();
  }

  /** Asks who is here and where the inbox stands: to begin, and to be sure of it after an absence. */
  async function boot(): Promise<void> {
    clearTimeout(bootTimer);
    const mine = ++boots;
    try {
      const answer = await http.json<UnreadCount>("/unread-count");
      if (mine !== boots) return;
      bootFailures = 0;
      user ??= "";
      if (!joined) connection = "connecting";
      state = applyCount(state, answer);
      commit();
    } catch (thrown) {
      if (mine !== boots || !unwatch) return;
      const { status } = asFailure(thrown);
      if (status === 401 || status === 403) refused();
      else if (!joined) {
        connection = "offline";
        bootTimer = setTimeout(
          boot,
          Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** bootFailures++) * (0.5 + Math.random() / 2),
        );
        commit();
      }
    }
  }

  /** Everything here was somebody else's. */
  function clear(): void {
    http.forget();
    boots++;
    leave();
    actions.clear();
    state = EMPTY;
    for (const list of lists.values()) list.clear();
    preferences.clear();
    toasts.clear();
    commit();
  }

  function hearHints(): void {
    hints = env.channel?.(name);
    // Another tab is another user: perhaps this one as well, if the session is shared. Only an answer can tell.
    if (hints) hints.onmessage = ({ data }) => void (data === user || http.renew().then(boot, () => {}));
    if (user !== null) hints?.postMessage(user);
  }

  function open(): void {
    hearHints();
    unwatch = watch(env, {
      wake(changed) {
        if (suspended) return;
        stream.wake(changed);
        void boot();
        actions.resume();
      },
      suspend() {
        if (suspended) return;
        suspended = true;
        actions.flush();
        hints?.close();
        leave();
      },
      resume() {
        if (!suspended) return;
        suspended = false;
        hearHints();
        commit();
        void boot();
      },
      attention: tabs.claim,
    });
    commit();
    void boot();
  }

  function close(): void {
    if (holds || !unwatch) return;
    unwatch();
    unwatch = undefined;
    clearTimeout(bootTimer);
    boots++;
    hints?.close();
    leave();
  }

  function connect(): void {
    if (++holds === 1 && !unwatch) open();
    else if (connection === "unauthorized") void boot();
  }

  /** A tick later, so that a view that is put back at once (StrictMode) keeps its connection. */
  function disconnect(): void {
    holds--;
    setTimeout(close);
  }

  /** Adds to a set, and holds the connection while it is there. */
  function keep<T>(set: Set<T>, item: T): () => void {
    set.add(item);
    connect();
    return () => {
      if (set.delete(item)) disconnect();
    };
  }

  function subscribe(listener: () => void): () => void {
    return keep(listeners, () => listener());
  }

  const nothing = Promise.resolve();
  const now = (): string => new Date().toISOString();

  return {
    subscribe,
    getSnapshot: () => snapshot,
    getServerSnapshot: () => INITIAL,
    preferences: preferences.handle,
    list(filter: ListFilter = {}) {
      const { status = "all", category, type, limit } = filter;
      const key = JSON.stringify([status, category, type, limit]);
      let list = lists.get(key);
      if (!list) {
        list = createList(
          {
            http,
            state: () => state,
            view: () => view,
            page(page: Page, append) {
              state = applyPage(state, key, filter, page, append);
              commit();
            },
            notify,
            subscribe,
          },
          key,
          filter,
        );
        lists.set(key, list);
      }
      return list.handle;
    },
    markAsRead: (id) => (view.get(id)?.readAt ? nothing : actions.run({ kind: "read", id, at: now() })),
    markAsUnread: (id) => (view.get(id)?.readAt === null ? nothing : actions.run({ kind: "unread", id, at: now() })),
    markAllAsRead: (category) =>
      view.unread ? actions.run({ kind: "all", upToSeq: state.seen, category, at: now() }) : nothing,
    remove: (id) => actions.run({ kind: "delete", id, at: now() }),
    removeWithUndo(id, delay = UNDO_DELAY) {
      let drop = (): boolean => false;
      let release = (): void => {};
      const done = actions.run({ kind: "delete", id, at: now() }, (hold) => {
        drop = hold.drop;
        release = hold.release;
      });
      const timer = setTimeout(() => release(), delay);
      const undo = (): boolean => {
        clearTimeout(timer);
        return drop();
      };
      const commit = (): void => {
        clearTimeout(timer);
        release();
      };
      return { undo, commit, done };
    },
    onEvent: (handler) => keep(eventHandlers, (event, context) => handler(event, context)),
    onToast: (handler) => keep(toastHandlers, (toast) => handler(toast)),
    connect,
    disconnect,
  };
}
