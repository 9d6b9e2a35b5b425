"use client";
/** Every change of the inbox, for what an application does on its own account. Toasts are another matter: see `useNotifications`. */
import type { EventContext, ServerEvent } from "@grelot/client";
import { useEffect } from "react";
import { useLatest } from "./lib/use-latest.js";
import { useGrelotClient } from "./provider.js";

/** Calls `handler` with each event once, in every tab; the newest `handler` is called. */
export function useNotificationEvents(handler: (event: ServerEvent, context: EventContext) => void): void {
  const client = useGrelotClient();
  const latest = useLatest(handler);
  useEffect(() => client.onEvent((...args) => latest.current(...args)), [client, latest]);
}
