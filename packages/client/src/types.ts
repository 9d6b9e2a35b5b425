/**
 * The public surface of the headless client: what `createClient` takes and gives.
 *
 * Not here: the wire types (`api/types.ts`) and any behaviour.
 */
import type { Channel, Notification, Preferences, PreferencesUpdate, Problem, ServerEvent } from "./api/types.js";

/** How `createClient` is set up. */
export interface ClientOptions {
  /** Where Grelot is reached, without `/api/notifications`: `""` for the page's own origin. */
  readonly baseUrl: string;
  /**
   * Gives the JWT. `refresh` is true when the one it gave before was refused or is about to expire. `null` means nobody
   * is signed in: nothing is sent then. Without `getToken` the session cookie is used.
   */
  readonly getToken?: (request: { readonly refresh: boolean }) => string | null | Promise<string | null>;
  /** Gives the language that labels are asked for in, a BCP 47 tag; the browser's own by default. */
  readonly getLocale?: () => string | undefined;
  /** Of each request. `same-origin` by default, and `omit` with `getToken`, so that no cookie speaks for somebody else. */
  readonly credentials?: RequestCredentials;
  /** Keeps actions that could not be sent yet over a reload, a list of ids a user: `localStorage`, or nothing. */
  readonly storage?: Pick<Storage, "getItem" | "setItem" | "removeItem">;
}

/** How changes reach this browser now. */
export type ConnectionState = "connecting" | "live" | "polling" | "offline" | "unauthorized";

/** A request that failed. `status` is 0 when no answer came. */
export interface GrelotError extends Error {
  readonly status: number;
  /** What the server said, when it said it as RFC 9457. */
  readonly problem?: Problem | undefined;
}

/** What is known of the inbox as a whole. The same object until something in it changes. */
export interface ClientSnapshot {
  readonly unreadCount: number;
  /** The version of the inbox that is shown; -1 until the first answer. */
  readonly seq: number;
  readonly connectionState: ConnectionState;
  /** The opaque digest of the signed-in user, once known. */
  readonly user: string | null;
}

/** Which notifications a list holds. */
export interface ListFilter {
  readonly status?: "all" | "unread";
  readonly category?: string;
  /** Notifications a page: 1 to 100, 20 by default. */
  readonly limit?: number;
}

/** A list at one moment. The same object until something in it changes. */
export interface ListSnapshot {
  /**
   * In the server's order as it was when they came: unread first, newest first in each. One that is read or unread meanwhile
   * stays in its place, so that nothing jumps under the pointer; `refetch` sorts anew.
   */
  readonly notifications: readonly Notification[];
  /** No page has arrived yet. */
  readonly isLoading: boolean;
  /** Why the last fetch failed; null again once one succeeds. */
  readonly error: GrelotError | null;
  readonly hasMore: boolean;
}

/** Something that can be read at once and watched: what `useSyncExternalStore` takes. All its functions may be detached. */
export interface Store<T> {
  /** Opens the connection with the first listener of the client, closes it a tick after the last. */
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => T;
  /** What is rendered on a server, and while hydrating: the state before anything was asked. */
  readonly getServerSnapshot: () => T;
}

/** A filtered view of the inbox. The first subscription fetches its first page. */
export interface NotificationList extends Store<ListSnapshot> {
  readonly fetchMore: () => Promise<void>;
  readonly refetch: () => Promise<void>;
}

/** The preferences at one moment, with what is being saved already in it. */
export interface PreferencesSnapshot {
  /** Null until loaded. */
  readonly preferences: Preferences | null;
  readonly isLoading: boolean;
  readonly isSaving: boolean;
  readonly error: GrelotError | null;
}

/** What `preferencesOf` gives. The first subscription loads them. Changes are shown at once and taken back if refused. */
export interface PreferencesStore extends Store<PreferencesSnapshot> {
  readonly refetch: () => Promise<void>;
  readonly update: (update: PreferencesUpdate) => Promise<void>;
  /** Sets one switch: of a category, or (with `null`) the channel's own. */
  readonly set: (category: string | null, channel: Channel, enabled: boolean) => Promise<void>;
}

/** A removal that has not been sent yet. */
export interface PendingRemoval {
  /** Puts the notification back; false when it is too late. */
  readonly undo: () => boolean;
  /** Sends it now. */
  readonly commit: () => void;
  /** Settles as `remove` does; resolves too after an undo. */
  readonly done: Promise<void>;
}

/** Handed to `onEvent` beside the event. */
export interface EventContext {
  /** The event was caught up with, not seen as it happened. */
  readonly replayed: boolean;
}

/** What this tab should do with its toasts. Only the tab that holds the toast right is told to show one. */
export type ToastEvent =
  | { readonly kind: "notification"; readonly notification: Notification }
  /** One for all that arrived during an absence. `notifications` are the newest of them, at most 20. */
  | { readonly kind: "summary"; readonly count: number; readonly notifications: readonly Notification[] }
  /** They were read or deleted elsewhere, or the user is another: take them away. `null` means all. */
  | { readonly kind: "dismiss"; readonly ids: readonly string[] | null };

/** The headless client. Creating it does nothing: the first subscription connects. All its functions may be detached. */
export interface GrelotClient extends Store<ClientSnapshot> {
  /** The list for a filter: the same handle for equal filters. */
  readonly list: (filter?: ListFilter) => NotificationList;
  /** Each change is shown at once, queued while offline, and taken back if the server refuses it. */
  readonly markAsRead: (id: string) => Promise<void>;
  readonly markAsUnread: (id: string) => Promise<void>;
  /** Up to what has been seen here: what arrives while the request travels stays unread. */
  readonly markAllAsRead: (category?: string) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
  /** Hidden at once; the request goes out after `delay` (5 s), or when the page is left. */
  readonly removeWithUndo: (id: string, delay?: number) => PendingRemoval;
  /** Every change of the inbox, each once. Keeps the connection open, as `subscribe` does. */
  readonly onEvent: (handler: (event: ServerEvent, context: EventContext) => void) => () => void;
  /** Keeps the connection open, as `subscribe` does. */
  readonly onToast: (handler: (toast: ToastEvent) => void) => () => void;
  /** Counted: each `connect` holds the connection until its `disconnect`. `connect` again after `unauthorized` tries again. */
  readonly connect: () => void;
  readonly disconnect: () => void;
}
