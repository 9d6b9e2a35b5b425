/**
 * The one helper through which the user's actions go: shown at once, sent in order, repeated while there is no answer, taken
 * back when the server refuses.
 *
 * What was confirmed stays laid over the state until the stream has told it too, so nothing flickers in between.
 * Not here: what an action does to what is shown (`store/ops.ts`).
 */
import type { Preferences } from "./api/types.js";
import { type Core, quiet } from "./core.js";
import { asFailure, failure } from "./errors.js";
import type { Op } from "./store/ops.js";
import type { ClientOptions } from "./types.js";

/** Actions that may wait to be sent; one more is refused. */
const QUEUE_LENGTH = 500;
const PAUSE = 2_000;

interface Pending {
  readonly op: Op;
  /** Goes out when it fires, and not before. */
  held?: ReturnType<typeof setTimeout> | undefined;
  sent?: boolean;
  /** Confirmed as this change; 0 where the answer does not say. */
  seq?: number;
  readonly settle: (error?: unknown) => void;
}

export interface Actions extends Pick<Core, "ops" | "run"> {
  /** Tries again what found no answer. */
  resume(): void;
  /** Forgets what the state has by now. */
  prune(): void;
  /** The page is left: what was held back goes out at once. */
  flush(): void;
  /** Another user: what was asked for by the last one is dropped. What a reload had left for this one is sent. */
  change(user: string): void;
}

export function createActions(core: Core, { baseUrl, storage }: ClientOptions): Actions {
  let queue: Pending[] = [];
  let busy = false;
  /** The last attempt found no answer. */
  let failed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let key = "";

  const changed = (): void => {
    const left = queue.filter(({ seq }) => seq === undefined).map(({ op }) => op);
    if (key) storage?.[left.length ? "setItem" : "removeItem"](key, JSON.stringify(left));
    core.commit();
  };

  const drop = (pending: Pending, error?: unknown): void => {
    queue = queue.filter((each) => each !== pending);
    pending.settle(error);
  };

  const resume = async (): Promise<void> => {
    const next = queue.find(({ held, seq }) => !held && seq === undefined);
    if (busy || !next) return;
    clearTimeout(timer);
    busy = next.sent = true;
    try {
      // Time has passed, and a cookie may be another user's by now: an answer that says so empties the queue.
      if (failed) await core.http.json("/unread-count");
      next.seq = await send(core, next.op);
      failed = false;
      if (next.op.kind === "prefs") drop(next);
      next.settle();
    } catch (thrown) {
      const error = asFailure(thrown);
      const { status } = error;
      failed = queue.includes(next) && (!status || status === 429 || status > 499);
      if (failed) timer = setTimeout(resume, PAUSE * (1 + Math.random()));
      else drop(next, error);
    }
    busy = false;
    if (failed) return;
    changed();
    resume();
  };

  const run: Actions["run"] = (op, delay) => {
    let settle: Pending["settle"] = () => {};
    const done = quiet(
      new Promise<void>((resolve, reject) => {
        settle = (error) => (error ? reject(error) : resolve());
      }),
    );
    const pending: Pending = { op, settle };
    const release = (): void => {
      clearTimeout(pending.held);
      pending.held = undefined;
      resume();
    };
    if (queue.length < QUEUE_LENGTH) {
      queue.push(pending);
      if (delay) pending.held = setTimeout(release, delay);
      changed();
      resume();
    } else settle(failure(0));
    return {
      done,
      commit: release,
      undo() {
        if (pending.sent || !queue.includes(pending)) return false;
        clearTimeout(pending.held);
        drop(pending);
        changed();
        return true;
      },
    };
  };

  return {
    run,
    ops: () => queue.map(({ op }) => op),
    resume,
    prune() {
      const { seq: now, rows } = core.state;
      queue = queue.filter(({ op, seq }) => seq === undefined || (op.kind === "delete" ? rows.has(op.id) : seq > now));
    },
    flush() {
      for (const pending of queue) {
        if (!pending.held) continue;
        clearTimeout(pending.held);
        pending.held = undefined;
        pending.sent = true;
        pending.seq = 0;
        pending.settle(); // nobody is left to hear of a failure
        quiet(send(core, pending.op, true));
      }
      changed();
    },
    change(user) {
      clearTimeout(timer);
      key = "";
      for (const pending of queue) drop(pending, failure(401));
      key = `grelot:${baseUrl}:${user}`;
      let left: readonly Op[] = [];
      try {
        left = JSON.parse(storage?.getItem(key) ?? "[]");
      } catch {
        // not ours, or cut: there is nothing to repeat
      }
      for (const op of left) run(op);
    },
  };
}

/** Resolves with the seq of the change, 0 where the answer does not say. One that is gone already is as good as done. */
async function send(core: Core, op: Op, keepalive = false): Promise<number> {
  const [method, path, body] =
    op.kind === "prefs"
      ? ["PUT", "/preferences", op.update]
      : op.kind === "all"
        ? ["POST", "/read-all", { upToSeq: op.upToSeq, category: op.category }]
        : op.kind === "delete"
          ? ["DELETE", `/${op.id}`]
          : ["POST", `/${op.id}/${op.kind}`];
  try {
    const init = { method, keepalive, ...(body && { body: JSON.stringify(body) }) };
    const answer = await core.http.json<(Preferences & { seq?: number }) | null>(path, init);
    if (answer?.effective) core.state = { ...core.state, prefs: answer, prefsStale: false };
    return answer?.seq ?? 0;
  } catch (thrown) {
    if (op.kind !== "prefs" && asFailure(thrown).status === 404) return 0;
    throw thrown;
  }
}
