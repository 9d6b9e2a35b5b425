"use client";
/**
 * The toasts: shown in the one tab that holds the right to, above everything, and said to a screen reader.
 *
 * Not here: one toast (`toast.tsx`), which of them there are (`lib/toasts.ts`), which tab (`@grelot/client`).
 */
import type { ToastEvent } from "@grelot/client";
import { type ReactElement, type ReactNode, useEffect, useReducer, useRef } from "react";
import { useMessages } from "../i18n/use-messages.js";
import { part, ROOT } from "../lib/part.js";
import { reduceToasts, type Toast } from "../lib/toasts.js";
import { useGrelotClient } from "../provider.js";
import { useUnreadCount } from "../use-unread-count.js";
import { ToastView } from "./toast.js";
import { useAnnouncer } from "./use-announcer.js";

const VISIBLE = 3;
/** What else can be on top. */
const OTHERS = ":popover-open:not([data-part=toaster]), dialog[open]";

export interface ToasterProps {
  /** Milliseconds that a toast stays; 5,000 by default. One of type ERROR stays until it is dismissed. */
  readonly duration?: number;
  /** In place of what is inside a toast. */
  readonly renderToast?: (toast: Toast, close: () => void) => ReactNode;
}

export function Toaster({ duration = 5_000, renderToast }: ToasterProps): ReactElement {
  const client = useGrelotClient();
  const messages = useMessages();
  const unread = useUnreadCount();
  const box = useRef<HTMLElement>(null);
  const [toasts, change] = useReducer(reduceToasts, []);
  const { _announce: announce, _regions: regions } = useAnnouncer();

  useEffect(
    () =>
      client.onToast((event: ToastEvent) => {
        change({ event, at: Date.now() });
        announce(event);
      }),
    [client, announce],
  );

  // None has anything to say once all are read; after a storm the client does not know of each which one it was.
  useEffect(() => {
    if (!unread) change({ close: undefined });
  }, [unread]);

  const newest = toasts[0]?.key;
  useEffect(() => {
    const stack = box.current;
    // Over what was opened in the meantime, if nobody is in the middle of it.
    if (!newest || !stack?.matches(":focus-within")) stack?.hidePopover?.();
    if (!newest) return;
    stack?.showPopover?.();
    const dismiss = ({ key, defaultPrevented }: KeyboardEvent): void => {
      // The key is for what is on top: an open popover or dialog is closed first.
      if (key === "Escape" && !defaultPrevented && !document.querySelector(OTHERS)) change({ close: newest });
    };
    document.addEventListener("keydown", dismiss);
    return () => document.removeEventListener("keydown", dismiss);
  }, [newest]);

  /** A finger does not hover, though what it touched last looks as if. */
  const held = (): boolean =>
    document.hidden ||
    !!box.current?.matches(matchMedia("(hover)").matches ? ":hover, :focus-within" : ":focus-within");

  return (
    <>
      <section ref={box} {...part("toaster", ROOT)} popover="manual" aria-label={messages.toasts}>
        {toasts.slice(0, VISIBLE).map((toast) => (
          <ToastView
            key={toast.key}
            _toast={toast}
            _stay={toast.type === "ERROR" ? 0 : duration}
            _held={held}
            _close={() => change({ close: toast.key })}
            _render={renderToast}
          />
        ))}
      </section>
      {regions}
    </>
  );
}
