"use client";
/**
 * The hook that most applications need: a list, the unread count, and everything that can be done with them.
 *
 * Not here: anything that is shown. Not one of its functions has to be bound, and all of them keep their identity.
 */
import type { ConnectionState, ListFilter, ListSnapshot, ToastEvent } from "@grelot/client";
import { useEffect, useMemo } from "react";
import { useLatest } from "./lib/use-latest.js";
import { useStore } from "./lib/use-store.js";
import { useGrelotClient } from "./provider.js";

/** Which notifications, and what is done about new ones. */
export interface UseNotificationsOptions {
  readonly filter?: ListFilter;
  /** Told of each toast that this tab has to show or take away: for a toast library. `<Toaster>` needs no hook. */
  readonly toast?: (toast: ToastEvent) => void;
}

/** What `useNotifications` gives. Actions are shown at once and taken back if the server refuses them. */
export interface UseNotifications extends ListSnapshot {
  readonly unreadCount: number;
  readonly connectionState: ConnectionState;
  readonly fetchMore: () => Promise<void>;
  readonly refetch: () => Promise<void>;
  readonly markAsRead: (id: string) => Promise<void>;
  readonly markAsUnread: (id: string) => Promise<void>;
  /** Those of the filter's category, if it has one; up to what has been seen here. */
  readonly markAllAsRead: () => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
}

export function useNotifications({ filter, toast }: UseNotificationsOptions = {}): UseNotifications {
  const client = useGrelotClient();
  const list = client.list(filter);
  const { unreadCount, connectionState } = useStore(client);
  const category = filter?.category;
  const latest = useLatest(toast);
  const told = !!toast;
  useEffect(() => (told ? client.onToast((event) => latest.current?.(event)) : undefined), [client, told, latest]);
  return {
    ...useStore(list),
    unreadCount,
    connectionState,
    fetchMore: list.fetchMore,
    refetch: list.refetch,
    markAsRead: client.markAsRead,
    markAsUnread: client.markAsUnread,
    markAllAsRead: useMemo(() => () => client.markAllAsRead(category), [client, category]),
    remove: client.remove,
  };
}
