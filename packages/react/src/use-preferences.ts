"use client";
/** The user's preferences: loaded with the first component that asks, shown as they will be while they are saved. */
import { type PreferencesSnapshot, type PreferencesStore, preferencesOf } from "@grelot/client";
import { useStore } from "./lib/use-store.js";
import { useGrelotClient } from "./provider.js";

/** What `usePreferences` gives. A change that is refused is taken back, and its promise rejects. */
export interface UsePreferences extends PreferencesSnapshot, Pick<PreferencesStore, "refetch" | "set" | "update"> {}

export function usePreferences(): UsePreferences {
  const store = preferencesOf(useGrelotClient());
  const { refetch, set, update } = store;
  return { ...useStore(store), refetch, set, update };
}
