"use client";
/** A store of the headless client as React reads it. */
import type { Store } from "@grelot/client";
import { useSyncExternalStore } from "react";

/** Renders when what `select` makes of it changes. */
export function useStore<T, U = T>(store: Store<T>, select: (snapshot: T) => U = (all) => all as unknown as U): U {
  return useSyncExternalStore(
    store.subscribe,
    () => select(store.getSnapshot()),
    () => select(store.getServerSnapshot()),
  );
}
