"use client";
/** How changes reach this browser now: a dot while they do, words while they do not. */
import type { ReactElement } from "react";
import { useMessages } from "../i18n/use-messages.js";
import { part, ROOT } from "../lib/part.js";
import { useStore } from "../lib/use-store.js";
import { useGrelotClient } from "../provider.js";

export function Connection(): ReactElement {
  const { connectionState } = useStore(useGrelotClient());
  return (
    <span {...part("connection", ROOT)} data-state={connectionState} role="status">
      <span>{useMessages().states[connectionState]}</span>
    </span>
  );
}
