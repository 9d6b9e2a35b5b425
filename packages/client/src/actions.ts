/**
 * The one helper through which the user's actions go: shown at once, sent in order, repeated while there is no answer, taken
 * back when the server refuses.
 *
 * What was confirmed stays laid over the state until the stream has told it too, so nothing flickers in between.
 * Not here: what an action does to what is shown (`store/ops.ts`).
 */
import type { NotificationChanged, Preferences } from "./api/types.js";
import { asFailure, failure } from "./errors.js";
import type { Op } from "./store/ops.js";
import type { State } from "./store/state.js";
import type { Http } from "./transport/http.js";
import type { ClientOptions } from "./types.js";

/** Actions that may wait to be sent; one more is refused. */
const QUEUE_LENGTH = 500;
const PAUSE = 2_000;

interface Pending {
  readonly op: Op;
  /** Not sent before it is released. */
  held: boolean;
  sent: boolean;
  /** Confirmed as this change; 0 where the answer does not say. */
  seq?: number;
  readonly settle: (error?: unknown) => void;
}

/** A held action. */
export interface Hold {
  readonly drop: () => boolean;
  readonly release: () => void;
}

export interface ActionsOwner {
  /** What is shown has changed. */
  changed(): void;
  state(): State;
  saved(preferences: Preferences): void;
}

export interface Actions {
  /** Settles when the server has confirmed or refused. */
  run(op: Op, hold?: (hold: Hold) => void): Promise<void>;
  /** In their order, all that is to be shown. */
  ops(): readonly Op[];
  /** Tries again what found no answer. */
  resume(): void;
  /** Forgets what the state has by now. */
  prune(): void;
  /** The page is left: what was held back goes out at once. */
  flush(): void;
  /** Another user: what was asked for by the last one is dropped. */
  clear(): void;
  /** What a reload had left for this user. */
  restore(user: string): void;
}

export function createActions(http: Http, options: ClientOptions, owner: ActionsOwner): Actions {
  let queue: Pending[] = [];
  let busy = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let key = "";
  let stored = false;

  const changed = (): void => {
    const unsent = queue.filter(({ op, seq }) => seq === undefined && op.kind !== "prefs").map(({ op }) => op);
    // Another tab may keep its own under the same key: only what was written here is taken away here.
    if (key && unsent.length) options.storage?.setItem(key, JSON.stringify(unsent));
    else if (key && stored) options.storage?.removeItem(key);
    stored = unsent.length > 0;
    owner.changed();
  };

  const drop = (pending: Pending): boolean => {
    const { length } = queue;
    queue = queue.filter((each) => each !== pending);
    return queue.length < length;
  };

  const pump = async (): Promise<void> => {
    const next = queue.find(({ held, seq }) => !held && seq === undefined);
    if (busy || !next) return;
    clearTimeout(timer);
    busy = next.sent = true;
    try {
      next.seq = await send(http, next.op, owner.saved);
      if (next.op.kind === "prefs") drop(next);
      next.settle();
    } catch (thrown) {
      const error = asFailure(thrown);
      const { status } = error;
      if (!queue.includes(next)) {
        // cleared meanwhile
      } else if (status === 0 || status === 429 || status > 499) {
        timer = setTimeout(resume, PAUSE * (1 + Math.random()));
        return;
      } else {
        drop(next);
        next.settle(error);
      }
    } finally {
      busy = false;
    }
    prune();
    changed();
    void pump();
  };

  const resume = (): void => void pump();

  const prune = (): void => {
    const { seq: now, rows } = owner.state();
    queue = queue.filter(({ op, seq }) => seq === undefined || (op.kind === "delete" ? rows.has(op.id) : seq > now));
  };

  const run: Actions["run"] = (op, hold) => {
    const promise = new Promise<void>((resolve, reject) => {
      const pending: Pending = {
        op,
        held: !!hold,
        sent: false,
        settle: (error) => (error ? reject(error) : resolve()),
      };
      if (queue.length >= QUEUE_LENGTH) return reject(failure(0));
      queue.push(pending);
      hold?.({
        drop() {
          const dropped = !pending.sent && drop(pending);
          if (dropped) {
            pending.settle();
            changed();
          }
          return dropped;
        },
        release() {
          pending.held = false;
          resume();
        },
      });
      changed();
      resume();
    });
    promise.catch(() => {}); // a caller that does not look must not make the page report it
    return promise;
  };

  return {
    run,
    ops: () => queue.map(({ op }) => op),
    resume,
    prune,
    flush() {
      for (const pending of queue) {
        const { op, held } = pending;
        if (!held || op.kind !== "delete") continue;
        http.last(`/${op.id}`, { method: "DELETE" });
        pending.held = false;
        pending.sent = true;
        pending.seq = 0;
        pending.settle();
      }
      changed();
    },
    clear() {
      clearTimeout(timer);
      const dropped = queue;
      queue = [];
      key = "";
      for (const { settle } of dropped) settle(failure(401));
    },
    restore(user) {
      key = `grelot:${options.baseUrl}:${user}`;
      let left: readonly Op[] = [];
      try {
        left = JSON.parse(options.storage?.getItem(key) ?? "[]");
      } catch {
        // not ours, or cut: there is nothing to repeat
      }
      for (const op of left) void run(op);
    },
  };
}

/** Resolves with the seq of the change, 0 where the answer does not say. One that is gone already is as good as done. */
async function send(http: Http, op: Op, saved: (preferences: Preferences) => void): Promise<number> {
  try {
    switch (op.kind) {
      case "prefs":
        saved(await http.json("/preferences", { method: "PUT", body: JSON.stringify(op.update) }));
        return 0;
      case "delete":
        await http.json(`/${op.id}`, { method: "DELETE" });
        return 0;
      case "all": {
        const { upToSeq, category } = op;
        const body = JSON.stringify({ upToSeq, category });
        return (await http.json<NotificationChanged>("/read-all", { method: "POST", body })).seq;
      }
      default:
        return (await http.json<NotificationChanged>(`/${op.id}/${op.kind}`, { method: "POST" })).seq;
    }
  } catch (thrown) {
    if (op.kind !== "prefs" && asFailure(thrown).status === 404) return 0;
    throw thrown;
  }
}
