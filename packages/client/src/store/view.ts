/**
 * What is shown: the state, and over it what the user has done and the server has not told back yet.
 *
 * Taking an operation away is its rollback. Not here: sending them (`../actions.ts`), what they do (`state.ts`).
 */
import { type Change, draft, type State, step } from "./state.js";

/** An action of the user: kept over a reload as it is. */
export interface Op {
  readonly request: readonly [method: string, path: string, body?: object];
  /** What will be told back. */
  readonly data: Change | Record<string, never>;
  /** Whose removal it is: it is not told back by a seq. */
  readonly gone?: string;
}

/** The state with the operations done, in their order. */
export function overlay(state: State, ops: readonly Op[]): State {
  const d = draft(state);
  for (const { data } of ops) step(d, data, Number.POSITIVE_INFINITY);
  d._unread = Math.max(0, d._unread);
  return d;
}

/** Marks as read at an instant, or (`null`) as unread. */
export const turn = (id: string, readAt: string | null): Op => ({
  request: ["POST", `/${id}/${readAt ? "read" : "unread"}`],
  data: { id, readAt },
});

export const turnAll = (upToSeq: number, category: string | undefined, readAt: string): Op => ({
  request: ["POST", "/read-all", { upToSeq, category }],
  data: { upToSeq, category, readAt },
});

export const remove = (id: string): Op => ({ request: ["DELETE", `/${id}`], data: { id }, gone: id });
