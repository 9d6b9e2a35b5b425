/**
 * Which of a browser's tabs connects, and which of them shows toasts.
 *
 * The tab that holds the lock leads: it tells the others every event, and beats each second. One that hears nothing for 1.5 s
 * asks, and after 2 s steals the lock (asking matters: a hidden leader's timers are slow, its answers are not). The robbed one
 * hears of it from the lock, not from the channel, so a frozen leader steps down the moment it thaws. Without locks or channel
 * every tab leads for itself. The toast right goes to whoever claimed it last, else to the leader.
 * Not here: what the messages carry (`../client.ts`), the stream.
 */
import type { Heard } from "../core.js";
import type { ConnectionState } from "../types.js";
import type { Environment, Port } from "./environment.js";

const BEAT = 1_000;
const ASK_AFTER = 1_500;
const STEAL_AFTER = 500;
const STEAL_SPREAD = 200;
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

interface Message {
  readonly hello?: boolean;
  readonly beat?: Beat;
  /** Who shows toasts, for one that has just come. */
  readonly holder?: string | undefined;
  readonly claim?: string;
  readonly bye?: string;
  /** The holder's answer to a beat. */
  readonly here?: boolean;
}

export interface TabsOwner {
  lead(): void;
  /** Another tab has taken over. */
  follow(): void;
  beat(): Beat;
  /** In a follower. */
  heard(beat: Beat): void;
}

export interface Tabs {
  join(name: string): void;
  leave(): void;
  /** Tells the followers, if this tab leads: that something of the beat changed, and by which events. */
  beat(events?: readonly Heard[], from?: number): void;
  claim(): void;
  /** This tab is the one to show toasts. */
  toasts(): boolean;
}

export function createTabs(env: Environment, owner: TabsOwner): Tabs {
  const me = `${Math.random()}`;
  const locks = env.navigator?.locks;
  let port: Port | undefined;
  let leading = false;
  let holder: string | undefined;
  let missed = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let quit: (() => void) | undefined;

  const post = (message: Message): void => port?.postMessage(message);

  const beat: Tabs["beat"] = (events, from) => {
    if (leading && quit) post({ beat: { ...owner.beat(), events, from }, holder });
  };

  const tick = (): void => {
    if (holder !== me && ++missed > MISSED_BEATS) claim();
    beat();
    timer = setTimeout(tick, BEAT);
  };

  /** Waits for the lock, or takes it. Only one request of this tab is ever alive. */
  const request = (name: string, steal?: boolean): void => {
    quit?.();
    const wait = new AbortController();
    let release: ((value?: unknown) => void) | undefined;
    quit = () => {
      wait.abort();
      release?.();
    };
    const hold = (): unknown => {
      if (wait.signal.aborted) return;
      clearTimeout(timer);
      leading = true;
      missed = 0;
      owner.lead();
      tick();
      return new Promise((resolve) => {
        release = resolve;
      });
    };
    locks?.request(name, steal ? { steal } : { signal: wait.signal }, hold).catch(() => {
      if (wait.signal.aborted) return;
      leading = false; // robbed
      owner.follow();
      listen(name);
      request(name);
    });
  };

  /** Restarts the patience with the leader. */
  const listen = (name: string): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      post({ hello: true });
      // Spread, so that of many tabs one steals and the others hear its beat.
      timer = setTimeout(() => request(name, true), STEAL_AFTER + Math.random() * STEAL_SPREAD);
    }, ASK_AFTER);
  };

  const claim = (): void => {
    if (!port || holder === me) return;
    holder = me;
    post({ claim: me });
  };

  return {
    join(name) {
      port = env.BroadcastChannel && env.document && new env.BroadcastChannel(name);
      if (env.document?.hasFocus()) claim();
      if (!locks || !port) {
        leading = true;
        owner.lead();
        return;
      }
      port.onmessage = ({ data }) => {
        const message = data as Message;
        holder = message.claim ?? (message.bye === holder ? undefined : (holder ?? message.holder));
        if (message.claim || message.here) missed = 0;
        if (message.hello) beat();
        if (leading || !message.beat) return;
        listen(name);
        if (holder === me) post({ here: true });
        owner.heard(message.beat);
      };
      post({ hello: true });
      listen(name);
      request(name);
    },
    leave() {
      clearTimeout(timer);
      if (holder === me) post({ bye: me });
      port?.close();
      quit?.();
      port = quit = holder = undefined;
      leading = false;
    },
    beat,
    claim,
    toasts: () => (holder ? holder === me : leading),
  };
}
