/**
 * What the parts of the client share: what is known, what is shown of it, and how a change of either is made visible.
 *
 * Not here: any of the parts.
 */
import type { Op, View } from "./store/ops.js";
import type { State } from "./store/state.js";
import type { Http } from "./transport/http.js";
import type { PendingRemoval } from "./types.js";

export interface Core {
  readonly http: Http;
  state: State;
  /** The state with what the user has done since. */
  view: View;
  /** After `state` or the actions changed. `soon`: within 50 ms, for what may come in a storm. */
  commit(soon?: boolean): void;
  /** Something else that a snapshot shows has changed. */
  notify(): void;
  /** What the user has done and the state does not have. */
  ops(): readonly Op[];
  /** Does it: shown at once, sent in its order, or after `delay`. */
  run(op: Op, delay?: number): PendingRemoval;
  subscribe(listener: () => void): () => void;
}

/** The old object where the new one says nothing else. */
export function same<T extends object>(old: T, next: T): T {
  return (Object.keys(next) as (keyof T)[]).every((key) => old[key] === next[key]) ? old : next;
}

/** For a promise whose failure is shown elsewhere too: a caller that does not look must not make the page report it. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
