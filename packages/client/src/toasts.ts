/**
 * What deserves a toast, and when to take one away. Every tab follows along; only the one with the toast right shows.
 *
 * Not here: who has the right (`transport/tabs.ts`), how a toast looks. Muted notifications make no event at all.
 */
import type { Notification } from "./api/types.js";
import type { Heard } from "./core.js";
import { covers } from "./store/state.js";
import type { ToastEvent } from "./types.js";

/** How many are remembered, to take them away later; a summary carries as many. */
const REMEMBERED = 20;

export interface Toasts {
  /** An event that was new here. `extra`: so many more became unread, by a count alone. */
  _see(event: Heard, extra: number): void;
  _clear(): void;
}

export function createToasts(emit: (toast: ToastEvent) => void, mine: () => boolean): Toasts {
  let shown: Notification[] = [];
  let missed: Notification[] = [];

  return {
    _see({ data, replayed }, extra) {
      if (!replayed) {
        // What was caught up with is complete.
        const count = missed.length + extra;
        if (count > 0 && mine()) emit({ kind: "summary", count, notifications: missed.slice(0, REMEMBERED) });
        missed = [];
      }
      if ("notification" in data) {
        const { notification } = data;
        if (notification.readAt) return;
        if (replayed) missed.unshift(notification);
        else if (mine()) {
          shown = [notification, ...shown].slice(0, REMEMBERED);
          emit({ kind: "notification", notification });
        }
      } else {
        const gone = (n: Notification): boolean =>
          "id" in data ? n.id === data.id : "upToSeq" in data && covers(n, data.upToSeq, data.category);
        const ids = shown.filter(gone).map(({ id }) => id);
        shown = shown.filter((n) => !gone(n));
        missed = missed.filter((n) => !gone(n));
        if (ids.length) emit({ kind: "dismiss", ids });
      }
    },
    _clear() {
      shown = missed = [];
      emit({ kind: "dismiss", ids: null });
    },
  };
}
