/**
 * The one connection: the event stream while it delivers, long polling while it does not, and the waits between.
 *
 * A connection is replaced without a gap: the old one is closed when the new one has delivered its first event, and what both
 * deliver is told apart by `seq` (by the owner). Not here: which tab connects (`tabs.ts`), what events do (`../store`).
 */
import type { Changes } from "../api/types.js";
import { backOff, type Core, type Heard, quiet } from "../core.js";
import { isRefusal, outcome } from "../errors.js";
import { createParser } from "./sse.js";

const FIRST_EVENT = 10_000;
/** Streams that deliver nothing, before polling. */
const SILENT_STREAMS = 2;
/** Why a connection was given up by its watchdog. */
const LATE = 0;
const POLL_SECONDS = 25;
/** How long polling goes on before a stream is tried again. */
const POLLING = 120_000;

export interface Stream {
  /** Connects, in place of the connection there is. */
  _start(): void;
  _stop(): void;
  /**
   * The page is looked at again: ends a wait, and replaces a connection that has been quiet for too long. With `changed`, the
   * network is another one: connects anew whatever there is.
   */
  _wake(changed: boolean): void;
}

export function createStream(core: Core): Stream {
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
    let watchdog: ReturnType<typeof setTimeout> | undefined;
    /** Up to the event that says so, what is told was missed. */
    let replayed = true;

    const within = (milliseconds: number): void => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => mine.abort(LATE), milliseconds);
    };

    const tell = (events: readonly Heard[]): void => {
      if (signal.aborted) return;
      old?.abort();
      delivered = true;
      failures = 0;
      core._hear(events);
    };

    const read = async (): Promise<void> => {
      within(FIRST_EVENT);
      const headers = { "last-event-id": `${core._state.seq}` };
      const response = await core._send<Response>("/stream", { signal, headers }, true);
      // What is no event stream (a page to log in at, a proxy's word) is one that delivers nothing.
      if (!/event/.test(response.headers.get("content-type") as string)) return mine.abort(LATE);
      let batch: Heard[] = [];
      const parse = createParser(
        ({ event, data: text }) => {
          const data = JSON.parse(text);
          if (event === "ready" || event === "reset") {
            replayed = false;
            silent = 0;
            core._connected("live");
          } else if (event === "expiring") {
            // Before the token ends. Where that cannot be, the stream ends with it, and the next attempt asks first.
            expiring = true;
            quiet(
              core._renew().then((another) => {
                if (another && current) start();
              }),
            );
          }
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
        within(core._ping * 2.5);
        tell(batch);
      }
    };

    const poll = async (): Promise<void> => {
      const until = Date.now() + POLLING;
      do {
        within((POLL_SECONDS + 10) * 1_000);
        const wait = replayed ? 0 : POLL_SECONDS;
        const changes = await core._send<Changes>(`/changes?since=${core._state.seq}&wait=${wait}`, { signal });
        const { events, more, ...data } = changes;
        const heard = events.map((event) => ({ ...event, replayed }));
        heardAt = Date.now();
        replayed &&= more;
        if (!more) core._connected("polling");
        tell([...heard, { event: data.reset ? "reset" : "ping", seq: data.seq, data, replayed } as Heard]);
      } while (Date.now() < until);
      silent = SILENT_STREAMS - 1; // one stream may try again
      start();
    };

    const attempt = async (): Promise<void> => {
      if (expiring) await core._renew();
      expiring = false;
      await (silent < SILENT_STREAMS ? read : poll)();
    };

    const { error } = await outcome(attempt());
    clearTimeout(watchdog);
    mine.abort();
    old?.abort();
    if (current !== mine) return;
    if (isRefusal(error)) return core._refused();
    // A stream that ends with its token is no failure, and is followed at once.
    let wait = expiring ? 0 : retry;
    if (signal.reason === LATE && (delivered || ++silent <= SILENT_STREAMS)) wait = 0;
    else if (!delivered) wait = backOff(retry, failures++);
    if (failures) core._connected("offline");
    else if (delivered && !expiring && silent < SILENT_STREAMS) core._connected("connecting");
    timer = setTimeout(start, wait);
  };

  const stop = (): void => {
    clearTimeout(timer);
    current?.abort();
    current = undefined;
    failures = silent = 0;
    expiring = false;
  };

  return {
    _start: start,
    _stop: stop,
    _wake(changed) {
      if (!current) return;
      if (changed) silent = 0;
      if (changed || current.signal.aborted || Date.now() - heardAt > core._ping * 1.2) start();
    },
  };
}
