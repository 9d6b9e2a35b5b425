/**
 * Which of a browser's tabs connects, and which of them shows toasts.
 *
 * The tab that holds the lock leads: it tells the others every event, and beats each second. One that hears nothing for 1.5 s
 * asks, and after 2 s steals the lock (asking matters: a hidden leader's timers are slow, its answers are not). The robbed one
 * hears of it from the lock, not from the channel, so a frozen leader steps down the moment it thaws. Without locks or channel
 * every tab leads for itself. The toast right goes to whoever claimed it last, else to the leader.
 * Not here: what the messages carry (`../client.ts`), the stream.
 */
import type { ServerEvent } from "../api/types.js";
import type { ConnectionState } from "../types.js";
import type { Environment } from "./environment.js";

const BEAT = 1_000;
const ASK_AFTER = 1_500;
const STEAL_AFTER = 500;
/** Beats that the holder of the toast right may leave unanswered. */
const MISSED_BEATS = 3;

/** What the leader says of itself, each second and whenever it changes. */
export interface Beat {
  readonly seq: number;
  readonly state: ConnectionState;
}

/** Events as the leader got them. `from` is the seq they follow on: who is not there has missed some. */
export interface Told {
  readonly from: number;
  readonly events: readonly ServerEvent[];
  readonly replayed: boolean;
}

type Message =
  | ({ readonly t: "beat"; readonly holder?: string | undefined } & Beat)
  | ({ readonly t: "told" } & Told)
  | { readonly t: "hello" }
  | { readonly t: "claim" | "here" | "bye"; readonly id: string };

export interface TabsOwner {
  lead(): void;
  /** Another tab has taken over. */
  follow(): void;
  beat(): Beat;
  /** In a follower. */
  heard(beat: Beat): void;
  told(told: Told): void;
}

export interface Tabs {
  join(name: string): void;
  leave(): void;
  /** To the followers; nothing unless this tab leads. */
  tell(told: Told): void;
  /** Beats now: something of it changed. */
  beat(): void;
  claim(): void;
  /** This tab is the one to show toasts. */
  toasts(): boolean;
}

export function createTabs(env: Environment, owner: TabsOwner): Tabs {
  const me = Math.random().toString(36).slice(2);
  let port: ReturnType<NonNullable<Environment["channel"]>> | undefined;
  let name: string | undefined;
  let leading = false;
  let holder: string | undefined;
  let missed = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let quit: (() => void) | undefined;

  const post = (message: Message): void => port?.postMessage(message);

  const beat = (holder?: string): void => {
    if (leading) post({ t: "beat", ...owner.beat(), holder });
  };

  const tick = (): void => {
    if (holder && holder !== me && ++missed > MISSED_BEATS) claim();
    beat();
    timer = setTimeout(tick, BEAT);
  };

  const lead = (): void => {
    clearTimeout(timer);
    leading = true;
    missed = 0;
    owner.lead();
    if (quit) tick();
  };

  /** Waits for the lock, or takes it. Only one request of this tab is ever alive. */
  const request = (steal: boolean): void => {
    quit?.();
    const wait = new AbortController();
    let wanted = true;
    let release: (() => void) | undefined;
    quit = () => {
      wanted = false;
      wait.abort();
      release?.();
    };
    const hold = (): Promise<void> | undefined => {
      if (!wanted) return;
      return new Promise((resolve) => {
        release = resolve;
        lead();
      });
    };
    env.locks?.request(name as string, steal ? { steal } : { signal: wait.signal }, hold).catch(() => {
      if (!wanted) return;
      leading = false; // robbed
      owner.follow();
      listen();
      request(false);
    });
  };

  /** Restarts the patience with the leader. */
  const listen = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      post({ t: "hello" });
      // Spread, so that of many tabs one steals and the others hear its beat.
      timer = setTimeout(() => request(true), STEAL_AFTER + Math.random() * 100);
    }, ASK_AFTER);
  };

  const claim = (): void => {
    if (!port || holder === me) return;
    holder = me;
    post({ t: "claim", id: me });
  };

  const receive = (message: Message): void => {
    switch (message.t) {
      case "hello":
        beat(holder);
        break;
      case "beat":
        if (leading) break;
        listen();
        holder = message.holder ?? holder;
        if (holder === me) post({ t: "here", id: me });
        owner.heard(message);
        break;
      case "told":
        if (leading) break;
        listen();
        owner.told(message);
        break;
      case "claim":
        holder = message.id;
        missed = 0;
        break;
      case "here":
        if (message.id === holder) missed = 0;
        break;
      case "bye":
        if (message.id === holder) holder = undefined;
    }
  };

  return {
    join(to) {
      name = to;
      port = env.channel?.(to);
      if (port) port.onmessage = ({ data }) => receive(data as Message);
      if (env.document?.visibilityState === "visible" && env.document.hasFocus()) claim();
      if (!env.locks || !port) return lead();
      post({ t: "hello" });
      listen();
      request(false);
    },
    leave() {
      clearTimeout(timer);
      if (holder === me) post({ t: "bye", id: me });
      port?.close();
      quit?.();
      port = quit = holder = name = undefined;
      leading = false;
    },
    tell(told) {
      if (leading && quit) post({ t: "told", ...told });
    },
    beat,
    claim,
    toasts: () => (holder ? holder === me : leading),
  };
}
