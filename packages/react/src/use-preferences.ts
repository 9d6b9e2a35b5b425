"use client";
/** The user's preferences: loaded with the first component that asks, shown as they will be while they are saved. */
import { type PreferencesSnapshot, type PreferencesStore, preferencesOf } from "@grelot/client";
import { useEffect, useRef } from "react";
import { useStore } from "./lib/use-store.js";
import { useShared } from "./provider.js";

/** What `usePreferences` gives. A change that is refused is taken back, and its promise rejects. */
export interface UsePreferences extends PreferencesSnapshot, Pick<PreferencesStore, "refetch" | "set" | "update"> {}

export function usePreferences(): UsePreferences {
  const { _client: client, _locale: locale } = useShared();
  const store = preferencesOf(client);
  const { refetch, set, update } = store;
  // The labels come in the language that was asked for.
  const asked = useRef(locale);
  useEffect(() => {
    if (asked.current !== locale) refetch();
    asked.current = locale;
  }, [locale, refetch]);
  return { ...useStore(store), refetch, set, update };
}
