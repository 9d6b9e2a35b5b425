/**
 * The one connection: the event stream while it delivers, long polling while it does not, and the waits between.
 *
 * A connection is replaced without a gap: the old one is closed when the new one has delivered its first event, and what both
 * deliver is told apart by `seq` (by the owner). Not here: which tab connects (`tabs.ts`), what events do (`../store`).
 */
import type { Changes } from "../api/types.js";
import type { Heard } from "../core.js";
import { asFailure, isRefusal } from "../errors.js";
import type { ConnectionState } from "../types.js";
import type { Http } from "./http.js";
import { createParser } from "./sse.js";

const FIRST_EVENT = 10_000;
const LONGEST_WAIT = 30_000;
/** Streams that deliver nothing, before polling. */
const SILENT_STREAMS = 2;
const POLL_SECONDS = 25;
/** How long polling goes on before a stream is tried again. */
const POLLING = 120_000;

/** What the connection asks of its owner. */
export interface StreamOwner {
  /** The last `seq` that was applied. */
  cursor(): number;
  /** Milliseconds between the server's pings. */
  ping(): number;
  events(events: readonly Heard[]): void;
  state(state: ConnectionState): void;
  /** 401 or 403, after the token was renewed: the connection has ended itself. */
  refused(): void;
}

export interface Stream {
  /** Connects, in place of the connection there is. */
  start(): void;
  stop(): void;
  /**
   * The page is looked at again: ends a wait, and replaces a connection that has been quiet for too long. With `changed`, the
   * network is another one: connects anew whatever there is.
   */
  wake(changed: boolean): void;
}

/** The wait after so many failures, with jitter. */
export const backOff = (base: number, failures: number): number =>
  Math.max(base, Math.min(LONGEST_WAIT, base * 2 ** failures)) * (0.5 + Math.random() / 2);

export function createStream(http: Http, owner: StreamOwner): Stream {
  /** Of the connection there is: aborted while the next one is waited for. */
  let current: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let heardAt = 0;
  let retry = 1_000;
  let failures = 0;
  let silent = 0;
  let expiring = false;

  const start = async (): Promise<void> => {
    clearTimeout(timer);
    heardAt = Date.now();
    const old = current;
    const mine = new AbortController();
    const { signal } = mine;
    current = mine;
    let delivered = false;
    let late = false;
    let refused = false;
    let watchdog: ReturnType<typeof setTimeout> | undefined;
    /** Up to the event that says so, what is told was missed. */
    let replayed = true;

    const within = (milliseconds: number): void => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => {
        late = true;
        mine.abort();
      }, milliseconds);
    };

    const tell = (events: readonly Heard[]): void => {
      if (signal.aborted) return;
      old?.abort();
      delivered = true;
      failures = 0;
      owner.events(events);
    };

    const read = async (): Promise<void> => {
      within(FIRST_EVENT);
      const headers = { accept: "text/event-stream", "last-event-id": `${owner.cursor()}` };
      const response = await http.send<Response>("/stream", { signal, headers }, true);
      if (!response.headers.get("content-type")?.startsWith(headers.accept)) return;
      let batch: Heard[] = [];
      const parse = createParser(
        ({ event, data: text }) => {
          const data = JSON.parse(text);
          if (event === "ready" || event === "reset") {
            replayed = false;
            silent = 0;
            owner.state("live");
          } else if (event === "expiring") renew();
          batch.push({ event, seq: data.seq, data, replayed } as Heard);
        },
        (milliseconds) => {
          retry = milliseconds;
        },
      );
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || signal.aborted) return;
        heardAt = Date.now();
        batch = [];
        parse(value);
        if (!batch.length) continue;
        within(owner.ping() * 2.5);
        tell(batch);
      }
    };

    const poll = async (): Promise<void> => {
      const until = Date.now() + POLLING;
      do {
        within((POLL_SECONDS + 10) * 1_000);
        const wait = replayed ? 0 : POLL_SECONDS;
        const changes = await http.send<Changes>(`/changes?since=${owner.cursor()}&wait=${wait}`, { signal });
        const { events, more, ...data } = changes;
        const heard = events.map((event) => ({ ...event, replayed }));
        heardAt = Date.now();
        replayed &&= more;
        if (!more) owner.state("polling");
        tell([...heard, { event: data.reset ? "reset" : "ping", seq: data.seq, data, replayed } as Heard]);
      } while (Date.now() < until);
      silent = SILENT_STREAMS - 1; // one stream may try again
      start();
    };

    try {
      if (expiring) await http.renew();
      expiring = false;
      await (silent < SILENT_STREAMS ? read : poll)();
    } catch (thrown) {
      refused = isRefusal(asFailure(thrown));
    }
    clearTimeout(watchdog);
    mine.abort();
    old?.abort();
    if (current !== mine) return;
    if (refused) {
      stop();
      owner.refused();
      return;
    }
    let wait = expiring ? 0 : retry;
    if (late && (delivered || ++silent <= SILENT_STREAMS)) wait = 0;
    else if (!delivered) wait = backOff(retry, failures++);
    if (failures) owner.state("offline");
    else if (delivered && silent < SILENT_STREAMS) owner.state("connecting");
    timer = setTimeout(start, wait);
  };

  const stop = (): void => {
    clearTimeout(timer);
    current?.abort();
    current = undefined;
    failures = silent = 0;
    expiring = false;
  };

  /** Before the token ends; where that cannot be, the stream ends with it and the next attempt asks again. */
  const renew = (): void => {
    expiring = true;
    http.renew().then(
      (changed) => {
        if (changed && current) start();
      },
      () => {},
    );
  };

  return {
    start,
    stop,
    wake(changed) {
      if (!current) return;
      if (changed) silent = 0;
      if (changed || current.signal.aborted || Date.now() - heardAt > owner.ping() * 1.2) start();
    },
  };
}
