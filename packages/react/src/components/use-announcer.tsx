"use client";
/**
 * What a screen reader is told: politely and at most once in five seconds, the errors at once.
 *
 * The regions are always there, since one that comes with its text is often not read. Not here: anything to be seen.
 */
import type { ToastEvent } from "@grelot/client";
import { type ReactElement, useMemo, useState } from "react";
import { useMessages } from "../i18n/use-messages.js";
import { part } from "../lib/part.js";
import { about } from "../lib/toasts.js";
import { useLatest } from "../lib/use-latest.js";

const PAUSE = 5_000;

interface Announcer {
  readonly _announce: (event: ToastEvent) => void;
  readonly _regions: ReactElement;
}

export function useAnnouncer(): Announcer {
  const messages = useLatest(useMessages());
  const [polite, sayPolitely] = useState("");
  const [urgent, sayUrgently] = useState("");

  const announce = useMemo(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let waiting = 0;
    let title = "";
    const say = (): void => {
      timer = undefined;
      if (!waiting) return;
      sayPolitely(waiting > 1 ? messages.current.summary(waiting) : messages.current.announce(title));
      waiting = 0;
      timer = setTimeout(say, PAUSE);
    };
    return (event: ToastEvent): void => {
      if (event.kind === "dismiss") return;
      const { count, notification } = about(event);
      title = notification?.title ?? "";
      if (count < 2 && notification?.type === "ERROR") sayUrgently(messages.current.announce(title));
      else {
        waiting += count;
        if (!timer) say();
      }
    };
  }, [messages]);

  return {
    _announce: announce,
    _regions: (
      <>
        <div {...part("hidden")} aria-live="polite">
          {polite}
        </div>
        <div {...part("hidden")} aria-live="assertive">
          {urgent}
        </div>
      </>
    ),
  };
}
