/**
 * Which of a browser's tabs connects, and which of them shows toasts.
 *
 * The tab that holds the lock leads: it tells the others every event, and beats each second. One that hears nothing for 1.5 s
 * asks, and within another half a second steals the lock (asking matters: a hidden leader's timers are slow, its answers are
 * not). The robbed one hears of it from the lock, not from the channel, so a frozen leader steps down the moment it thaws.
 * Without locks or channel every tab leads for itself. The toast right goes to whoever claimed it last, else to the leader.
 * Not here: what a follower does with a beat (`../client.ts`), the stream.
 */
import { backOff, type Core, type Heard } from "../core.js";
import type { ConnectionState } from "../types.js";
import type { Port } from "./environment.js";

const BEAT = 1_000;
const ASK_AFTER = 1_500;
const STEAL_AFTER = 500;
/** Beats that the holder of the toast right may leave unanswered before the leader claims it. */
const MISSED_BEATS = 3;

/** What the leader says of itself, each second and whenever it changes. */
export interface Beat {
  readonly seq: number;
  readonly unreadCount: number;
  readonly state: ConnectionState;
  /** Events as the leader got them, and the seq they follow on. */
  readonly events?: readonly Heard[] | undefined;
  readonly from?: number | undefined;
}

/** Tabs of several versions of the application may share a channel. */
interface Message extends Partial<Beat> {
  readonly hello?: boolean;
  /** Who shows toasts, as the leader has it: said with each event, so that never two do. */
  readonly holder?: number;
  /** Who asks to, or (the holder's answer to a beat) still does; nobody if it is 0. */
  readonly claim?: number;
}

export interface Tabs {
  _join(name: string): void;
  _leave(): void;
  /** Tells the followers, if this tab leads: that something of the beat changed, and by which events. */
  _beat(events?: readonly Heard[], from?: number): void;
  _claim(): void;
  /** This tab is the one to show toasts. */
  _toasts(): boolean;
}

/**
 * @param lead - This tab connects.
 * @param follow - Another tab has taken over.
 * @param heard - What the leader says, in a follower.
 */
export function createTabs(core: Core, lead: () => void, follow: () => void, heard: (beat: Beat) => void): Tabs {
  const { navigator, document, BroadcastChannel } = core._env;
  const me = Math.random();
  let room = "";
  let port: Port | undefined;
  /** Ends the one request for the lock that is ever alive, or gives the lock back. */
  let lock: AbortController | undefined;
  let leading = false;
  let holder = 0;
  let missed = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const post = (message: Message): void => port?.postMessage(message);

  const beat: Tabs["_beat"] = (events, from) => {
    const { seq, _unread: unreadCount } = core._state;
    if (leading && lock) post({ seq, unreadCount, state: core._connection, events, from, holder });
  };

  const tick = (): void => {
    if (holder !== me && ++missed > MISSED_BEATS) claim();
    beat();
    timer = setTimeout(tick, BEAT);
  };

  /** Waits for the lock, or takes it. */
  const request = (steal?: boolean): void => {
    lock?.abort();
    lock = new AbortController();
    const { signal } = lock;
    const hold = (): unknown => {
      if (signal.aborted) return;
      clearTimeout(timer);
      leading = true;
      missed = 0;
      lead();
      tick();
      return new Promise((resolve) => {
        signal.onabort = resolve;
      });
    };
    navigator?.locks?.request(room, steal ? { steal } : { signal }, hold).catch(() => {
      if (signal.aborted) return;
      leading = false; // robbed
      follow();
      listen();
      request();
    });
  };

  /** Restarts the patience with the leader. */
  const listen = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      post({ hello: true });
      // Spread, so that of many tabs one steals and the others hear its beat.
      timer = setTimeout(request, backOff(STEAL_AFTER), true);
    }, ASK_AFTER);
  };

  const claim = (): void => {
    if (!port || holder === me) return;
    holder = me;
    post({ claim: me });
  };

  return {
    _join(name) {
      room = name;
      port = new BroadcastChannel(name);
      if (document?.hasFocus()) claim();
      if (!navigator?.locks) {
        leading = true;
        lead();
        return;
      }
      port.onmessage = ({ data }) => {
        const { hello, claim, state } = data as Message;
        if (claim !== undefined) missed = 0;
        const other = claim ?? holder;
        if (hello || other !== holder) {
          holder = other;
          beat();
        }
        if (leading || !state) return;
        listen();
        holder = data.holder;
        if (holder === me) post({ claim: me });
        heard(data);
      };
      post({ hello: true });
      listen();
      request();
    },
    _leave() {
      clearTimeout(timer);
      if (holder === me) post({ claim: 0 });
      port?.close();
      lock?.abort();
      port = lock = undefined;
      holder = 0;
      leading = false;
    },
    _beat: beat,
    _claim: claim,
    _toasts: () => (holder ? holder === me : leading),
  };
}
