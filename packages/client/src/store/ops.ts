/**
 * What the user has done and the server has not told back yet, laid over what is known. Taking one away is its rollback.
 *
 * Not here: sending them (`../actions.ts`).
 */
import type { Channel, EffectiveChannel, Notification, Preferences, PreferencesUpdate } from "../api/types.js";
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

  const set = (n: Notification, next?: Notification): void => {
    unread += +(next?.readAt === null) - +!n.readAt;
    changed.set(n.id, next);
  };

  for (const op of ops) {
    if (op.kind === "prefs") prefs &&= choose(prefs, op.update);
    else if (op.kind === "all") {
      let later = 0;
      for (const id of state.rows.keys()) {
        const n = get(id);
        if (n && covers(n, op.upToSeq, op.category)) set(n, turned(n, op.at));
        else later += +(n?.readAt === null);
      }
      // Also those that were never loaded: only what came afterwards is left.
      if (!op.category) unread = later;
    } else {
      const n = get(op.id);
      const readAt = op.kind === "read" ? op.at : null;
      if (n && op.kind === "delete") set(n);
      else if (n && !n.readAt !== !readAt) set(n, turned(n, readAt));
    }
  }
  return { unread: Math.max(0, unread), get, prefs };
}

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

/** As near to the server's decision as can be told from here; its answer replaces it. */
function choose(prefs: Preferences, update: PreferencesUpdate): Preferences {
  const next = { ...prefs, ...update };
  const decide = (category: string, channel: Channel, now: EffectiveChannel): EffectiveChannel => ({
    ...now,
    enabled:
      now.locked || (next[channel] && (next.categories[category]?.[channel] ?? (now.enabled || !prefs[channel]))),
  });
  return {
    ...next,
    effective: prefs.effective.map((row) => ({
      ...row,
      channels: {
        inApp: decide(row.category, "inApp", row.channels.inApp),
        email: decide(row.category, "email", row.channels.email),
      },
    })),
  };
}
