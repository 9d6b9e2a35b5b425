"use client";
/** How changes reach this browser now: a dot while they do, words while they do not. */
import type { ReactElement } from "react";
import { useMessages } from "../i18n/use-messages.js";
import { useStore } from "../lib/use-store.js";
import { useGrelotClient } from "../provider.js";

export function Connection(): ReactElement {
  const { connectionState } = useStore(useGrelotClient());
  return (
    <span className="grelot-connection" data-part="connection" data-state={connectionState} role="status">
      <span>{useMessages().states[connectionState]}</span>
    </span>
  );
}
