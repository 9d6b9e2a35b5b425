"use client";
/** The number on a bell, and nothing else: a component that uses it renders when that number changes. */
import { useSyncExternalStore } from "react";
import { useGrelotClient } from "./provider.js";

export function useUnreadCount(): number {
  const { subscribe, getSnapshot, getServerSnapshot } = useGrelotClient();
  return useSyncExternalStore(
    subscribe,
    () => getSnapshot().unreadCount,
    () => getServerSnapshot().unreadCount,
  );
}
