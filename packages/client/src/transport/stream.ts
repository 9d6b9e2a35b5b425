/**
 * The one connection: the event stream while it delivers, long polling while it does not, and the waits between.
 *
 * A connection is replaced without a gap: the old one is closed when the new one has delivered its first event, and what both
 * deliver is told apart by `seq` (by the owner). Not here: which tab connects (`tabs.ts`), what events do (`../store`).
 */
import type { Changes, ServerEvent } from "../api/types.js";
import { asFailure } from "../errors.js";
import type { ConnectionState } from "../types.js";
import type { Http } from "./http.js";
import { createParser } from "./sse.js";

const FIRST_EVENT = 10_000;
const LONGEST_WAIT = 30_000;
const POLL_SECONDS = 25;
/** How long polling goes on before a stream is tried again: doubled each time. */
const SHORTEST_POLLING = 30_000;
const LONGEST_POLLING = 600_000;
const SILENT_STREAMS = 2;
/** Between two renewals of a token: one that lives shorter than the server's warning would be renewed without end. */
const RENEWAL_PAUSE = 5_000;

/** What the connection asks of its owner. */
export interface StreamOwner {
  /** The last `seq` that was applied. */
  cursor(): number;
  /** Seconds between the server's pings. */
  ping(): number;
  /** `replayed`: caught up with, up to the `ready` or `reset` that ends it, itself not. */
  events(events: readonly ServerEvent[], replayed: boolean): void;
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

/** How an attempt went: an answer of 401 or 403, the watchdog, or anything else. */
type Outcome = "refused" | "late" | "ended";

/** What an attempt is given: to say that it heard something, and what. */
interface Attempt {
  readonly signal: AbortSignal;
  /** Restarts the watchdog. */
  within(milliseconds: number): void;
  tell(events: readonly ServerEvent[], replayed: boolean): void;
}

export function createStream(http: Http, owner: StreamOwner): Stream {
  let current: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let renewal: ReturnType<typeof setTimeout> | undefined;
  let heardAt = 0;
  let retry = 1_000;
  let failures = 0;
  let silent = 0;
  let patience = SHORTEST_POLLING;
  let expiring = false;

  const start = (): void => {
    clearTimeout(timer);
    timer = undefined;
    heardAt = Date.now();
    const mine = new AbortController();
    const old = current;
    current = mine;
    void attempt(mine, old).then(({ outcome, delivered }) => {
      mine.abort();
      old?.abort();
      if (current !== mine) return;
      if (outcome === "refused") {
        stop();
        owner.refused();
        return;
      }
      let wait = retry;
      if (outcome === "late" && (delivered || ++silent <= SILENT_STREAMS)) wait = 0;
      else if (!delivered) {
        wait = Math.max(retry, Math.min(LONGEST_WAIT, retry * 2 ** failures++)) * (0.5 + Math.random() / 2);
        owner.state("offline");
      }
      if (delivered && silent < SILENT_STREAMS) owner.state("connecting");
      timer = setTimeout(start, wait);
    });
  };

  const stop = (): void => {
    clearTimeout(timer);
    clearTimeout(renewal);
    current?.abort();
    current = timer = undefined;
    failures = silent = 0;
    expiring = false;
  };

  /** One stream, or one stretch of polling. */
  const attempt = async (
    mine: AbortController,
    old: AbortController | undefined,
  ): Promise<{ outcome: Outcome; delivered: boolean }> => {
    const { signal } = mine;
    let delivered = false;
    let outcome: Outcome = "ended";
    let watchdog: ReturnType<typeof setTimeout> | undefined;
    const within = (milliseconds: number): void => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => {
        outcome = "late";
        mine.abort();
      }, milliseconds);
    };
    const tell = (events: readonly ServerEvent[], replayed: boolean): void => {
      if (signal.aborted) return;
      old?.abort();
      delivered = true;
      failures = 0;
      owner.events(events, replayed);
    };
    try {
      if (expiring) {
        expiring = false;
        await http.renew();
      }
      await (silent < SILENT_STREAMS ? read : poll)({ signal, within, tell });
    } catch (thrown) {
      const { status } = asFailure(thrown);
      if (status === 401 || status === 403) outcome = "refused";
    } finally {
      clearTimeout(watchdog);
    }
    return { outcome, delivered };
  };

  const read = async ({ signal, within, tell }: Attempt): Promise<void> => {
    within(FIRST_EVENT);
    const response = await http.send("/stream", {
      signal,
      headers: { accept: "text/event-stream", "last-event-id": `${owner.cursor()}` },
    });
    if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream")) return;

    let replayed = true;
    let batch: ServerEvent[] = [];
    const flush = (): void => {
      if (batch.length) tell(batch, replayed);
      batch = [];
    };
    const parse = createParser(
      ({ event, data }) => {
        const parsed = JSON.parse(data) as { seq: number };
        if (event === "ready" || event === "reset") {
          flush();
          replayed = false;
          silent = 0;
          patience = SHORTEST_POLLING;
          owner.state("live");
        } else if (event === "expiring") renewSoon();
        batch.push({ event, seq: parsed.seq, data: parsed } as ServerEvent);
      },
      (milliseconds) => {
        retry = milliseconds;
      },
    );
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      heardAt = Date.now();
      parse(value);
      if (batch.length) within(owner.ping() * 2_500);
      flush();
    }
  };

  const poll = async ({ signal, within, tell }: Attempt): Promise<void> => {
    const until = Date.now() + patience;
    patience = Math.min(patience * 2, LONGEST_POLLING);
    let caughtUp = false;
    do {
      within((POLL_SECONDS + 10) * 1_000);
      const since = owner.cursor();
      const path = `/changes?since=${since}&wait=${caughtUp ? POLL_SECONDS : 0}`;
      const { events, more, ...end } = await http.json<Changes>(path, { signal });
      heardAt = Date.now();
      if (events.length) tell(events, !caughtUp);
      if (!more) {
        caughtUp = true;
        owner.state("polling");
      }
      tell([endOf(end)], false);
    } while (Date.now() < until);
    silent = SILENT_STREAMS - 1; // one stream may try again
    start();
  };

  const renewSoon = (): void => {
    expiring = true;
    clearTimeout(renewal);
    renewal = setTimeout(
      () =>
        http.renew().then(
          (changed) => {
            if (changed) {
              expiring = false;
              start();
            }
          },
          () => {}, // the stream ends when the token does, and the next attempt asks again
        ),
      Math.max(0, http.tokenAt() + RENEWAL_PAUSE - Date.now()),
    );
  };

  return {
    start,
    stop,
    wake(changed) {
      if (!current) return;
      if (changed) silent = 0;
      if (changed || timer || Date.now() - heardAt > owner.ping() * 1_200) start();
    },
  };
}

/** What a poll ends with, as the stream would tell it. */
export function endOf({ seq, reset, unreadCount = 0 }: Pick<Changes, "seq" | "reset" | "unreadCount">): ServerEvent {
  return reset ? { event: "reset", seq, data: { seq, unreadCount } } : { event: "ping", seq, data: { seq } };
}
