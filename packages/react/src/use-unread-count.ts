"use client";
/** The number on a bell, and nothing else: a component that uses it renders when that number changes. */
import { useStore } from "./lib/use-store.js";
import { useGrelotClient } from "./provider.js";

export function useUnreadCount(): number {
  return useStore(useGrelotClient(), ({ unreadCount }) => unreadCount);
}
