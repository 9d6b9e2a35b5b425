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
import type { GrelotError, PendingRemoval } from "./types.js";

/** Actions that may wait to be sent; one more is refused. */
const QUEUE_LENGTH = 500;
const PAUSE = 4_000;

interface Pending {
  readonly _op: Op;
  /** Not to be sent yet. */
  _held?: boolean;
  _sent?: boolean;
  /** Confirmed as this change; 0 where the answer does not say. */
  _seq?: number;
  /** With what the server said, or a promise that fails. */
  readonly _settle: (answer?: unknown) => void;
}

export interface Actions {
  /** Does it: shown at once, sent in its order, or after `delay`. What is done resolves with what the server said. */
  _run(op: Op, delay?: number): PendingRemoval;
  /** In their order, all that is to be shown; what the state has by now is forgotten. */
  _ops(): readonly Op[];
  /** Tries again what found no answer. */
  _resume(): void;
  /** The page is left: what was held back goes out at once. */
  _flush(): void;
  /** Another user: what was asked for by the last one is dropped. What a reload had left for this one, by this name, is sent. */
  _change(name: string): void;
}

export function createActions(core: Core): Actions {
  const { storage } = core._options;
  let queue: Pending[] = [];
  let busy = false;
  /** The last attempt found no answer. */
  let failed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let key = "";

  const unconfirmed = (): Pending[] => queue.filter(({ _seq: seq }) => seq === undefined);

  const changed = (): void => {
    const left = unconfirmed().map(({ _op: op }) => op);
    if (key) storage?.[left.length ? "setItem" : "removeItem"](key, JSON.stringify(left));
    core._commit();
  };

  const drop = (pending: Pending, error?: GrelotError): void => {
    queue = queue.filter((each) => each !== pending);
    pending._settle(error && quiet(Promise.reject(error)));
  };

  /** It goes out even if the page is left. */
  const send = ({ request: [method, path, body] }: Op): Promise<unknown> =>
    core._send(path, {
      method,
      keepalive: true,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  const resume = async (): Promise<void> => {
    const next = unconfirmed().find(({ _held: held }) => !held);
    if (busy || !next) return;
    clearTimeout(timer);
    busy = next._sent = true;
    const attempt = async (): Promise<unknown> => {
      // Time has passed, and a cookie may be another user's by now: an answer that says so empties the queue.
      if (failed) await core._send("/unread-count");
      return send(next._op);
    };
    const { value: answer, error } = await outcome(attempt());
    busy = failed = false;
    // One that is gone already is as good as done.
    if (!error || error.status === 404) {
      next._seq = (answer as { seq?: number } | undefined)?.seq ?? 0;
      next._settle(answer);
    } else if (!error.status || error.status === 429 || error.status > 499) {
      failed = true;
      timer = setTimeout(resume, backOff(PAUSE));
      return;
    } else drop(next, error);
    changed();
    resume();
  };

  const run: Actions["_run"] = (op, delay) => {
    let settle!: Pending["_settle"];
    const done = quiet(
      new Promise<void>((resolve) => {
        settle = resolve as Pending["_settle"];
      }),
    );
    const pending: Pending = { _op: op, _settle: settle, _held: !!delay };
    const commit = (): void => {
      pending._held = false;
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
        if (pending._sent || !queue.includes(pending)) return false;
        drop(pending);
        changed();
        return true;
      },
    };
  };

  return {
    _run: run,
    _ops() {
      const { seq: now, _rows: rows } = core._state;
      queue = queue.filter(({ _seq: seq, _op: op }) => seq === undefined || seq > now || rows.has(op.gone as string));
      return queue.map(({ _op: op }) => op);
    },
    _resume: resume,
    _flush() {
      for (const pending of queue) {
        if (!pending._held) continue;
        pending._held = false;
        pending._sent = true;
        pending._seq = 0;
        quiet(send(pending._op));
        pending._settle(); // nobody is left to hear of a failure
      }
      changed();
    },
    _change(name) {
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
