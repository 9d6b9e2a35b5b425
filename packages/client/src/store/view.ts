/**
 * What is shown: the state, and over it what the user has done and the server has not told back yet.
 *
 * Taking an operation away is its rollback. Not here: sending them (`../actions.ts`).
 */
import type { Notification } from "../api/types.js";
import { covers, type State } from "./state.js";

export interface View {
  unread: number;
  get(id: string): Notification | undefined;
  /** Shows it as something else, or (without `next`) not at all. */
  put(n: Notification, next?: Notification): void;
}

/** An action of the user. */
export interface Op {
  readonly request: readonly [method: string, path: string, body?: object];
  readonly show?: (view: View, state: State) => void;
  /** Whose removal it is: it is not told back by a seq. */
  readonly gone?: string;
}

/** The state with the operations done, in their order. */
export function overlay(state: State, ops: readonly Op[]): View {
  const changed = new Map<string, Notification | undefined>();
  const view: View = {
    unread: state.unread,
    get: (id) => (changed.has(id) ? changed.get(id) : state.rows.get(id)?.n),
    put(n, next) {
      view.unread += +(next?.readAt === null) - +!n.readAt;
      changed.set(n.id, next);
    },
  };
  for (const { show } of ops) show?.(view, state);
  view.unread = Math.max(0, view.unread);
  return view;
}

/** Marks as read at an instant, or (`null`) as unread. */
export const turn = (id: string, readAt: string | null): Op => ({
  request: ["POST", `/${id}/${readAt ? "read" : "unread"}`],
  show(view) {
    const n = view.get(id);
    if (n && !n.readAt !== !readAt) view.put(n, turned(n, readAt));
  },
});

export const turnAll = (upToSeq: number, category: string | undefined, readAt: string): Op => ({
  request: ["POST", "/read-all", { upToSeq, category }],
  show(view, { rows }) {
    let later = 0;
    for (const id of rows.keys()) {
      const n = view.get(id);
      if (n && covers(n, upToSeq, category)) view.put(n, turned(n, readAt));
      else if (n && !n.readAt) later++;
    }
    // Also those that were never loaded: only what came afterwards is left.
    if (!category) view.unread = later;
  },
});

export const remove = (id: string): Op => ({
  request: ["DELETE", `/${id}`],
  gone: id,
  show(view) {
    const n = view.get(id);
    if (n) view.put(n);
  },
});

const memory = new WeakMap<Notification, Notification>();

/** The same object for the same change, so that what did not change is not rendered again. */
function turned(n: Notification, readAt: string | null): Notification {
  let next = memory.get(n);
  if (next?.readAt !== readAt) {
    next = { ...n, readAt };
    memory.set(n, next);
  }
  return next;
}
