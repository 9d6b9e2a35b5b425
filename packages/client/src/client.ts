/**
 * The client: who is signed in, when there is a connection, and who is told what.
 *
 * Order of things: the first answer says who the user is and where the inbox stands; then the tab joins the others of that user;
 * the one that leads opens the stream from there. An answer that was given to somebody else empties everything and begins again.
 * Not here: each of these steps by itself; this file only joins them.
 */
import { createActions } from "./actions.js";
import type { UnreadCount } from "./api/types.js";
import { backOff, type Core, type Insides, quiet, same } from "./core.js";
import { failure, isRefusal, outcome } from "./errors.js";
import { createList } from "./lists.js";
import { applyCount, applyEvents, EMPTY } from "./store/state.js";
import { overlay, remove, turn, turnAll } from "./store/view.js";
import { createToasts } from "./toasts.js";
import type { Environment, Port } from "./transport/environment.js";
import { createHttp } from "./transport/http.js";
import { watch } from "./transport/lifecycle.js";
import { createStream } from "./transport/stream.js";
import { createTabs } from "./transport/tabs.js";
import type { ClientOptions, ClientSnapshot, GrelotClient, NotificationList, ToastEvent } from "./types.js";

/** Events are shown at most this often, so that a storm costs renders and not a stall. */
const SHOW_EVERY = 50;
const UNDO_DELAY = 5_000;
const FIRST_WAIT = 1_000;

/** Makes a client. Nothing is sent or opened before something subscribes. */
export function createClient(options: ClientOptions): GrelotClient {
  return createClientIn(globalThis as Environment, options);
}

/** The same in a browser that is handed in. */
export function createClientIn(env: Environment, options: ClientOptions): GrelotClient {
  const name = `grelot:${options.baseUrl}`;
  const listeners = new Set<() => void>();
  const toastHandlers = new Set<(toast: ToastEvent) => void>();
  const lists: Record<string, NotificationList> = {};

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
    for (const handler of handlers) handler(...args);
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

  // All but how to ask and to act, which are made with it.
  const core = {
    _env: env,
    _options: options,
    _user: null,
    _connection: "connecting",
    _ping: 30_000,
    _state: EMPTY,
    _view: overlay(EMPTY, []),
    _parts: [],
    _eventHandlers: new Set(),
    subscribe: keep(listeners),
    _show() {
      clearTimeout(showTimer);
      showTimer = undefined;
      shownAt = Date.now();
      emit(listeners);
    },
    _commit(soon) {
      core._view = overlay(core._state, core._ops());
      snapshot = same(snapshot, current());
      if (soon && Date.now() < shownAt + SHOW_EVERY) showTimer ??= setTimeout(core._show, SHOW_EVERY);
      else core._show();
      if (!active) return;
      if (!joined && snapshot.seq >= 0 && core._connection !== "unauthorized") {
        joined = true;
        tabs._join(room());
      }
      check();
    },
    _hear(events) {
      const { seq: from, _unread: unread } = core._state;
      const fresh = events.filter(({ event, seq }) => seq > from || event === "ready" || event === "reset");
      if (!fresh.length) return;
      core._state = applyEvents(core._state, fresh);
      tabs._beat(fresh, from);
      for (const event of fresh) {
        emit(core._eventHandlers, event, event);
        toasts._see(event, event.event === "reset" ? core._state._unread - unread : 0);
      }
      core._commit(true);
    },
    _connected(how) {
      if (how === core._connection) return;
      core._connection = how;
      core._commit();
      tabs._beat();
      if (how === "live" || how === "polling") {
        core._resume();
        check(true);
      }
    },
    /** What is shown stays; it goes when the next answer is for somebody else. */
    _refused() {
      leave();
      core._connected("unauthorized");
    },
  } as Partial<Core> as Core;

  const current = (): ClientSnapshot => ({
    unreadCount: core._view._unread,
    seq: core._state.seq,
    connectionState: core._connection,
    user: core._user,
  });
  const initial = current();
  let snapshot = initial;

  const http = createHttp(core, (headers, asked) => {
    const before = core._user;
    if (asked && asked !== before) throw failure(0);
    core._ping = Number(headers.get("grelot-ping")) * 1_000 || core._ping;
    const answered = headers.get("grelot-user");
    if (!answered || answered === before) return;
    core._user = answered;
    if (before) {
      // Everything here was somebody else's.
      leave();
      core._state = EMPTY;
      for (const part of core._parts) part._clear();
      toasts._clear();
    }
    core._change(room());
    hints?.postMessage(answered);
    core._commit();
    if (!before) return;
    if (active) boot();
    throw failure(0);
  });

  /** The name of what is shared by the tabs of this user. */
  const room = (): string => `${name}:${core._user}`;

  const check = (retry?: boolean): void => {
    for (const part of core._parts) part._check(retry);
  };

  const leave = (): void => {
    joined = false;
    core._connection = "connecting";
    tabs._leave();
    stream._stop();
  };

  const stream = createStream(core);

  Object.assign(core, http, createActions(core));

  const tabs = createTabs(core, stream._start, stream._stop, ({ seq, unreadCount, state, events, from = seq }) => {
    core._connected(state);
    if (events && from <= core._state.seq) core._hear(events);
    // Something was missed, and whoever led meanwhile has shown the toasts.
    const data = { seq, unreadCount };
    if (seq > core._state.seq) core._hear([{ event: "reset", seq, data, replayed: true }]);
  });

  const toasts = createToasts((toast) => emit(toastHandlers, toast), tabs._toasts);

  /** Asks who is here and where the inbox stands: to begin, and to be sure of it after an absence. */
  const boot = async (): Promise<void> => {
    clearTimeout(bootTimer);
    const mine = ++boots;
    const { value: answer, error } = await outcome(core._send<UnreadCount>("/unread-count"));
    if (mine !== boots) return;
    if (answer) {
      failures = 0;
      if (!joined) core._connection = "connecting";
      core._state = applyCount(core._state, answer);
      core._commit();
    } else if (isRefusal(error)) core._refused();
    else if (!joined) {
      core._connected("offline");
      bootTimer = setTimeout(boot, backOff(FIRST_WAIT, failures++));
    }
  };

  const enter = (): void => {
    if (active) return;
    active = true;
    hints = new env.BroadcastChannel(name);
    // Another tab is another user: perhaps this one as well, if the session is shared. Only an answer can tell.
    hints.onmessage = ({ data }) => {
      if (data !== core._user) quiet(core._renew().then(boot));
    };
    core._commit();
    boot();
  };

  const exit = (): void => {
    if (!active) return;
    active = false;
    clearTimeout(bootTimer);
    boots++;
    core._flush();
    hints?.close();
    leave();
  };

  const wake = (changed: boolean): void => {
    if (!active) return;
    stream._wake(changed);
    boot();
    core._resume();
  };

  const connect = (): void => {
    holds++;
    if (!unwatch) {
      unwatch = watch(env, wake, exit, enter, tabs._claim);
      enter();
    } else if (core._connection === "unauthorized") boot();
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
  const mark = (id: string, readAt: string | null): Promise<void> => {
    const n = core._view._rows.get(id)?._n;
    return n && !n.readAt === !readAt ? Promise.resolve() : core._run(turn(id, readAt)).done;
  };

  const client: Insides = {
    _core: core,
    subscribe: core.subscribe,
    getSnapshot: () => snapshot,
    getServerSnapshot: () => initial,
    list(filter = {}) {
      const { status = "all", category, limit } = filter;
      const key = `${status} ${category} ${limit}`;
      lists[key] ??= createList(core, key, filter);
      return lists[key];
    },
    markAsRead: (id) => mark(id, now()),
    markAsUnread: (id) => mark(id, null),
    markAllAsRead: (category) => core._run(turnAll(core._state._seen ?? 0, category, now())).done,
    remove: (id) => core._run(remove(id)).done,
    removeWithUndo: (id, delay = UNDO_DELAY) => core._run(remove(id), delay),
    onEvent: keep(core._eventHandlers),
    onToast: keep(toastHandlers),
    connect,
    disconnect,
  };
  return client;
}
