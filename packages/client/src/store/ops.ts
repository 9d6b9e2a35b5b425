/**
 * What the user has done and the server has not told back yet, laid over what is known. Taking one away is its rollback.
 *
 * Not here: sending them (`../actions.ts`).
 */
import type { Channel, Notification, Preferences, PreferencesUpdate } from "../api/types.js";
import { covers, type State } from "./state.js";

/** An action of the user. `at` is the instant it was made, for what it shows as read. */
export type Op =
  | { readonly kind: "read" | "unread" | "delete"; readonly id: string; readonly at: string }
  | { readonly kind: "all"; readonly upToSeq: number; readonly category?: string | undefined; readonly at: string }
  | { readonly kind: "prefs"; readonly update: PreferencesUpdate };

/** What is shown. */
export interface View {
  readonly unread: number;
  readonly get: (id: string) => Notification | undefined;
  readonly prefs: Preferences | null;
}

/** The state with the operations done, in their order. */
export function overlay(state: State, ops: readonly Op[]): View {
  const changed = new Map<string, Notification | undefined>();
  const get = (id: string): Notification | undefined => (changed.has(id) ? changed.get(id) : state.rows.get(id)?.n);
  let { unread, prefs } = state;

  const set = (n: Notification | undefined, next: Notification | undefined): void => {
    if (!n) return;
    unread += Number(!!next && !next.readAt) - Number(!n.readAt);
    changed.set(n.id, next);
  };

  for (const op of ops) {
    if (op.kind === "prefs") prefs = prefs && choose(prefs, op.update);
    else if (op.kind === "all") {
      for (const id of state.rows.keys()) {
        const n = get(id);
        if (n && covers(op.upToSeq, op.category, n)) set(n, turned(n, op.at));
      }
      // Also those that were never loaded: only what came afterwards is left.
      if (op.category === undefined) unread = [...state.rows.keys()].filter((id) => get(id)?.readAt === null).length;
    } else {
      const n = get(op.id);
      if (op.kind === "delete") set(n, undefined);
      else if (n && !n.readAt === (op.kind === "read")) set(n, turned(n, op.kind === "read" ? op.at : null));
    }
  }
  return { unread: Math.max(0, unread), get, prefs };
}

const memory = new WeakMap<Notification, Notification>();

/** The same object for the same change, so that what did not change is not rendered again. */
function turned(n: Notification, readAt: string | null): Notification {
  const known = memory.get(n);
  if (known?.readAt === readAt) return known;
  const next = { ...n, readAt };
  memory.set(n, next);
  return next;
}

/** As near to the server's decision as can be told from here; its answer replaces it. */
function choose(prefs: Preferences, update: PreferencesUpdate): Preferences {
  const next = { ...prefs, ...update };
  return {
    ...next,
    effective: prefs.effective.map((row) => {
      const channels = { ...row.channels };
      for (const channel of ["inApp", "email"] satisfies Channel[]) {
        const now = channels[channel];
        if (now.locked) continue;
        const choice = next.categories[row.category]?.[channel];
        if (!next[channel]) channels[channel] = { ...now, enabled: false, source: "channel" };
        else if (choice !== undefined) channels[channel] = { ...now, enabled: choice, source: "choice" };
        else if (!prefs[channel]) channels[channel] = { ...now, enabled: true, source: "default" };
      }
      return { ...row, channels };
    }),
  };
}
