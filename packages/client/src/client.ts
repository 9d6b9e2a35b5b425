/**
 * The client: who is signed in, when there is a connection, and who is told what.
 *
 * Order of things: the first answer says who the user is and where the inbox stands; then the tab joins the others of that user;
 * the one that leads opens the stream from there. An answer that was given to somebody else empties everything and begins again.
 * Not here: each of these steps by itself; this file only joins them.
 */
import { createActions } from "./actions.js";
import type { UnreadCount } from "./api/types.js";
import { type Core, cores, type Heard, quiet, same } from "./core.js";
import { asFailure, isRefusal } from "./errors.js";
import { createList } from "./lists.js";
import { applyCount, applyEvents, EMPTY } from "./store/state.js";
import { overlay, remove, turn, turnAll } from "./store/view.js";
import { createToasts } from "./toasts.js";
import type { Environment, Port } from "./transport/environment.js";
import { createHttp } from "./transport/http.js";
import { watch } from "./transport/lifecycle.js";
import { backOff, createStream } from "./transport/stream.js";
import { createTabs } from "./transport/tabs.js";
import type {
  ClientOptions,
  ClientSnapshot,
  ConnectionState,
  GrelotClient,
  NotificationList,
  ToastEvent,
} from "./types.js";

/** Events are shown at most this often, so that a storm costs renders and not a stall. */
const SHOW_EVERY = 50;
const UNDO_DELAY = 5_000;
const FIRST_WAIT = 1_000;

const INITIAL: ClientSnapshot = { unreadCount: 0, seq: -1, connectionState: "connecting", user: null };

/** Makes a client. Nothing is sent or opened before something subscribes. */
export function createClient(options: ClientOptions): GrelotClient {
  return createClientIn(globalThis as Environment, options);
}

/** The same in a browser that is handed in. */
export function createClientIn(env: Environment, options: ClientOptions): GrelotClient {
  const name = `grelot:${options.baseUrl}`;
  const listeners = new Set<() => void>();
  const eventHandlers: Core["eventHandlers"] = new Set();
  const toastHandlers = new Set<(toast: ToastEvent) => void>();
  const lists = new Map<string, NotificationList>();

  let snapshot = INITIAL;
  let user: string | null = null;
  let connection: ConnectionState = "connecting";
  let ping = 30_000;
  let holds = 0;
  let unwatch: (() => void) | undefined;
  let hints: Port | undefined;
  let joined = false;
  /** Somebody listens, and the page is not put away. */
  let active = false;
  let boots = 0;
  let failures = 0;
  let bootTimer: ReturnType<typeof setTimeout> | undefined;
  let showTimer: ReturnType<typeof setTimeout> | undefined;
  let shownAt = 0;

  const emit = <A extends unknown[]>(handlers: Set<(...args: A) => void>, ...args: A): void => {
    for (const handler of [...handlers]) handler(...args);
  };

  /** Adds to a set, and holds the connection while it is there. */
  const keep =
    <A extends unknown[]>(handlers: Set<(...args: A) => void>) =>
    (handler: (...args: A) => void): (() => void) => {
      const own = (...args: A): void => handler(...args);
      handlers.add(own);
      connect();
      return () => {
        if (handlers.delete(own)) disconnect();
      };
    };

  const subscribe = keep(listeners);

  const show = (): void => {
    clearTimeout(showTimer);
    showTimer = undefined;
    shownAt = Date.now();
    emit(listeners);
  };

  const http = createHttp(env, options, (headers) => {
    ping = Number(headers.get("grelot-ping")) * 1_000 || ping;
    const answered = headers.get("grelot-user");
    if (answered === null || answered === user) return;
    const other = user !== null;
    user = answered;
    if (other) {
      // Everything here was somebody else's.
      http.forget();
      leave();
      core.state = EMPTY;
      for (const part of core.parts) part.clear();
      toasts.clear();
    }
    actions.change(user);
    hints?.postMessage(user);
    core.commit();
    if (other && active) boot();
  });

  const core: Core = {
    http,
    state: EMPTY,
    view: overlay(EMPTY, []),
    parts: [],
    eventHandlers,
    subscribe,
    run: (...args) => actions.run(...args),
    notify: show,
    commit(soon) {
      core.view = overlay(core.state, actions.ops());
      const { seq } = core.state;
      snapshot = same(snapshot, { unreadCount: core.view.unread, seq, connectionState: connection, user });
      const wait = soon ? shownAt + SHOW_EVERY - Date.now() : 0;
      if (wait > 0) showTimer ??= setTimeout(show, wait);
      else show();
      if (!active) return;
      if (!joined && user !== null && seq >= 0 && connection !== "unauthorized") {
        joined = true;
        tabs.join(`${name}:${user}`);
      }
      check();
    },
  };

  const check = (retry?: boolean): void => {
    for (const part of core.parts) part.check(retry);
  };

  /** Events of the stream or of the leader. */
  const incoming = (events: readonly Heard[]): void => {
    const { seq: from, unread } = core.state;
    const fresh = events.filter(({ event, seq }) => seq > from || event === "ready" || event === "reset");
    if (!fresh.length) return;
    core.state = applyEvents(core.state, fresh);
    tabs.beat(fresh, from);
    for (const event of fresh) {
      emit(eventHandlers, event, { replayed: !!event.replayed });
      toasts.see(event, event.event === "reset" ? core.state.unread - unread : 0);
    }
    core.commit(true);
  };

  const connected = (next: ConnectionState): void => {
    if (next === connection) return;
    connection = next;
    core.commit();
    tabs.beat();
    if (next === "live" || next === "polling") {
      actions.resume();
      check(true);
    }
  };

  const leave = (): void => {
    joined = false;
    connection = "connecting";
    tabs.leave();
    stream.stop();
  };

  /** Nobody is signed in, or not any more. What is shown stays; it goes when the next answer is for somebody else. */
  const refused = (): void => {
    leave();
    connected("unauthorized");
  };

  const stream = createStream(http, {
    cursor: () => core.state.seq,
    ping: () => ping,
    events: incoming,
    state: connected,
    refused,
  });

  const tabs = createTabs(env, {
    lead: stream.start,
    follow: stream.stop,
    beat: () => ({ seq: core.state.seq, unreadCount: core.state.unread, state: connection }),
    heard({ seq, unreadCount, state, events, from = seq }) {
      connected(state);
      if (events && from <= core.state.seq) incoming(events);
      // Something was missed, and whoever led meanwhile has shown the toasts.
      const data = { seq, unreadCount };
      if (seq > core.state.seq) incoming([{ event: "reset", seq, data, replayed: true }]);
    },
  });

  const toasts = createToasts((toast) => emit(toastHandlers, toast), tabs.toasts);
  const actions = createActions(core, options);
  const { run } = actions;

  /** Asks who is here and where the inbox stands: to begin, and to be sure of it after an absence. */
  const boot = async (): Promise<void> => {
    clearTimeout(bootTimer);
    const mine = ++boots;
    try {
      const answer = await http.send<UnreadCount>("/unread-count");
      if (mine !== boots) return;
      failures = 0;
      user ??= "";
      if (!joined) connection = "connecting";
      core.state = applyCount(core.state, answer);
      core.commit();
    } catch (thrown) {
      if (mine !== boots) return;
      if (isRefusal(asFailure(thrown))) refused();
      else if (!joined) {
        connected("offline");
        bootTimer = setTimeout(boot, backOff(FIRST_WAIT, failures++));
      }
    }
  };

  const enter = (): void => {
    active = true;
    hints = env.document && env.BroadcastChannel && new env.BroadcastChannel(name);
    if (hints) {
      // Another tab is another user: perhaps this one as well, if the session is shared. Only an answer can tell.
      hints.onmessage = ({ data }) => {
        if (data !== user) quiet(http.renew().then(boot));
      };
      if (user !== null) hints.postMessage(user);
    }
    core.commit();
    boot();
  };

  const exit = (): void => {
    active = false;
    clearTimeout(bootTimer);
    boots++;
    hints?.close();
    leave();
  };

  const open = (): void => {
    unwatch = watch(env, {
      wake(changed) {
        if (!active) return;
        stream.wake(changed);
        boot();
        actions.resume();
      },
      suspend() {
        if (!active) return;
        actions.flush();
        exit();
      },
      resume() {
        if (!active) enter();
      },
      attention: tabs.claim,
    });
    enter();
  };

  const connect = (): void => {
    holds++;
    if (!unwatch) open();
    else if (connection === "unauthorized") boot();
  };

  /** A tick later, so that a view that is put back at once (StrictMode) keeps its connection. */
  const disconnect = (): void => {
    holds--;
    setTimeout(() => {
      if (holds || !unwatch) return;
      unwatch();
      unwatch = undefined;
      exit();
    });
  };

  const now = (): string => new Date().toISOString();
  const nothing = Promise.resolve();
  const mark = (id: string, readAt: string | null): Promise<void> => {
    const n = core.view.get(id);
    return n && !n.readAt === !readAt ? nothing : run(turn(id, readAt)).done;
  };

  const client: GrelotClient = {
    subscribe,
    getSnapshot: () => snapshot,
    getServerSnapshot: () => INITIAL,
    list(filter = {}) {
      const { status = "all", category, limit } = filter;
      const key = JSON.stringify([status, category, limit]);
      const list = lists.get(key) ?? createList(core, key, filter);
      lists.set(key, list);
      return list;
    },
    markAsRead: (id) => mark(id, now()),
    markAsUnread: (id) => mark(id, null),
    markAllAsRead: (category) => (core.view.unread ? run(turnAll(core.state.seen, category, now())).done : nothing),
    remove: (id) => run(remove(id)).done,
    removeWithUndo: (id, delay = UNDO_DELAY) => run(remove(id), delay),
    onEvent: keep(eventHandlers),
    onToast: keep(toastHandlers),
    connect,
    disconnect,
  };
  cores.set(client, core);
  return client;
}
