/**
 * What deserves a toast, and when to take one away. Every tab follows along; only the one with the toast right shows.
 *
 * Not here: who has the right (`transport/tabs.ts`), how a toast looks. Muted notifications make no event at all.
 */
import type { Notification, ServerEvent } from "./api/types.js";
import { covers } from "./store/state.js";
import type { ToastEvent } from "./types.js";

/** How many are remembered, to take them away later; a summary carries as many. */
const REMEMBERED = 20;

export interface Toasts {
  /** An event that was new here. */
  see(event: ServerEvent, replayed: boolean): void;
  /** What was caught up with is complete. `extra`: so many more are unread, by a count alone. */
  caughtUp(extra: number): void;
  clear(): void;
}

export function createToasts(emit: (toast: ToastEvent) => void, mine: () => boolean): Toasts {
  let shown: Notification[] = [];
  let missed: Notification[] = [];

  return {
    see({ event, data }, replayed) {
      if ("notification" in data) {
        const { notification } = data;
        if (notification.readAt) return;
        if (replayed) missed.unshift(notification);
        else if (mine()) {
          shown = [notification, ...shown].slice(0, REMEMBERED);
          emit({ kind: "notification", notification });
        }
      } else if (event === "notification.all_read" || "id" in data) {
        const stays = (n: Notification): boolean =>
          "id" in data ? n.id !== data.id : !("upToSeq" in data && covers(n, data.upToSeq, data.category));
        const ids = shown.filter((n) => !stays(n)).map(({ id }) => id);
        shown = shown.filter(stays);
        missed = missed.filter(stays);
        if (ids.length) emit({ kind: "dismiss", ids });
      }
    },
    caughtUp(extra) {
      const count = missed.length + extra;
      if (count > 0 && mine()) emit({ kind: "summary", count, notifications: missed.slice(0, REMEMBERED) });
      missed = [];
    },
    clear() {
      shown = missed = [];
      emit({ kind: "dismiss", ids: null });
    },
  };
}
