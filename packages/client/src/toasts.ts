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
  /** What was caught up with was another tab's to tell. */
  skip(): void;
  clear(): void;
}

export function createToasts(emit: (toast: ToastEvent) => void, mine: () => boolean): Toasts {
  let shown: Notification[] = [];
  let missed: Notification[] = [];

  const dismiss = (gone: (n: Notification) => boolean): void => {
    const ids = shown.filter(gone).map(({ id }) => id);
    shown = shown.filter((n) => !gone(n));
    missed = missed.filter((n) => !gone(n));
    if (ids.length) emit({ kind: "dismiss", ids });
  };

  return {
    see(event, replayed) {
      switch (event.event) {
        case "notification.created": {
          const { notification } = event.data;
          if (notification.readAt) break;
          if (replayed) missed.push(notification);
          else if (mine()) {
            shown = [...shown, notification].slice(-REMEMBERED);
            emit({ kind: "notification", notification });
          }
          break;
        }
        case "notification.read":
        case "notification.deleted": {
          const { id } = event.data;
          dismiss((n) => n.id === id);
          break;
        }
        case "notification.all_read": {
          const { upToSeq, category } = event.data;
          dismiss((n) => covers(upToSeq, category, n));
        }
      }
    },
    caughtUp(extra) {
      const count = missed.length + extra;
      if (count > 0 && mine()) {
        const notifications = missed.slice(-REMEMBERED).reverse();
        emit({ kind: "summary", count, notifications });
      }
      missed = [];
    },
    skip() {
      missed = [];
    },
    clear() {
      shown = missed = [];
      emit({ kind: "dismiss", ids: null });
    },
  };
}
