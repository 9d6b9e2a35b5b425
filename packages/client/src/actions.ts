/**
 * The one helper through which the user's actions go: shown at once, sent in order, repeated while there is no answer, taken
 * back when the server refuses.
 *
 * What was confirmed stays laid over the state until the stream has told it too, so nothing flickers in between.
 * Not here: what an action does to what is shown (`store/view.ts`).
 */
import { backOff, type Core, quiet } from "./core.js";
import { failure, outcome } from "./errors.js";
import type { Op } from "./store/view.js";
import type { GrelotError } from "./types.js";

/** Actions that may wait to be sent; one more is refused. */
const QUEUE_LENGTH = 500;
const PAUSE = 4_000;

interface Pending {
  readonly op: Op;
  /** Not to be sent yet. */
  held?: boolean;
  sent?: boolean;
  /** Confirmed as this change; 0 where the answer does not say. */
  seq?: number;
  /** With what the server said, or a promise that fails. */
  readonly settle: (answer?: unknown) => void;
}

export interface Actions {
  run: Core["run"];
  /** In their order, all that is to be shown; what the state has by now is forgotten. */
  ops(): readonly Op[];
  /** Tries again what found no answer. */
  resume(): void;
  /** The page is left: what was held back goes out at once. */
  flush(): void;
  /** Another user: what was asked for by the last one is dropped. What a reload had left for this one, by this name, is sent. */
  change(name: string): void;
}

export function createActions(core: Core): Actions {
  const { storage } = core.options;
  let queue: Pending[] = [];
  let busy = false;
  /** The last attempt found no answer. */
  let failed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let key = "";

  const unconfirmed = (): Pending[] => queue.filter(({ seq }) => seq === undefined);

  const changed = (): void => {
    const left = unconfirmed().map(({ op }) => op);
    if (key) storage?.[left.length ? "setItem" : "removeItem"](key, JSON.stringify(left));
    core.commit();
  };

  const drop = (pending: Pending, error?: GrelotError): void => {
    queue = queue.filter((each) => each !== pending);
    pending.settle(error && quiet(Promise.reject(error)));
  };

  /** It goes out even if the page is left. */
  const send = ({ request: [method, path, body] }: Op): Promise<unknown> =>
    core.http.send(path, {
      method,
      keepalive: true,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  const resume = async (): Promise<void> => {
    const next = unconfirmed().find(({ held }) => !held);
    if (busy || !next) return;
    clearTimeout(timer);
    busy = next.sent = true;
    const attempt = async (): Promise<unknown> => {
      // Time has passed, and a cookie may be another user's by now: an answer that says so empties the queue.
      if (failed) await core.http.send("/unread-count");
      return send(next.op);
    };
    const { value: answer, error } = await outcome(attempt());
    busy = failed = false;
    // One that is gone already is as good as done.
    if (!error || error.status === 404) {
      next.seq = (answer as { seq?: number } | undefined)?.seq ?? 0;
      next.settle(answer);
    } else if (!error.status || error.status === 429 || error.status > 499) {
      failed = true;
      timer = setTimeout(resume, backOff(PAUSE));
      return;
    } else drop(next, error);
    changed();
    resume();
  };

  const run: Core["run"] = (op, delay) => {
    let settle!: Pending["settle"];
    const done = quiet(
      new Promise<any>((resolve) => {
        settle = resolve;
      }),
    );
    const pending: Pending = { op, settle, held: !!delay };
    const commit = (): void => {
      pending.held = false;
      resume();
    };
    if (queue.length < QUEUE_LENGTH) {
      queue.push(pending);
      if (delay) setTimeout(commit, delay);
      changed();
      resume();
    } else drop(pending, failure(0));
    return {
      done,
      commit,
      undo() {
        if (pending.sent || !queue.includes(pending)) return false;
        drop(pending);
        changed();
        return true;
      },
    };
  };

  return {
    run,
    ops() {
      const { seq: now, rows } = core.state;
      queue = queue.filter(({ op, seq }) => seq === undefined || seq > now || rows.has(op.gone as string));
      return queue.map(({ op }) => op);
    },
    resume,
    flush() {
      for (const pending of queue) {
        if (!pending.held) continue;
        pending.held = false;
        pending.sent = true;
        pending.seq = 0;
        quiet(send(pending.op));
        pending.settle(); // nobody is left to hear of a failure
      }
      changed();
    },
    change(name) {
      for (const pending of queue) drop(pending, failure(401));
      key = name;
      try {
        for (const op of JSON.parse(storage?.getItem(key) ?? "[]")) run(op);
      } catch {
        // not ours, or cut: there is nothing to repeat
      }
    },
  };
}
