"use client";
/** A store of the headless client as React reads it. */
import type { Store } from "@grelot/client";
import { useSyncExternalStore } from "react";

export function useStore<T>({ subscribe, getSnapshot, getServerSnapshot }: Store<T>): T {
  return useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot);
}
