"use client";
/**
 * The bell: how many are unread, and the popover with the inbox.
 *
 * The popover is the browser's own: it opens and closes by the button, Escape and a click outside, and gives the focus back.
 * Not here: what is in it (`inbox.tsx`), how it looks (`style.css`).
 */
import { type ReactElement, type ReactNode, useEffect, useRef, useState } from "react";
import { useMessages } from "../i18n/use-messages.js";
import { part, ROOT } from "../lib/part.js";
import { useUnreadCount } from "../use-unread-count.js";
import { BELL, Icon } from "./icon.js";
import { Inbox, type InboxProps } from "./inbox.js";

export interface BellProps {
  /** In place of the drawing of a bell. */
  readonly icon?: ReactNode;
  /** Of the inbox in the popover. */
  readonly inbox?: InboxProps;
  /** In place of the inbox. */
  readonly children?: ReactNode;
}

export function Bell({ icon, inbox, children }: BellProps): ReactElement {
  const messages = useMessages();
  const count = useUnreadCount();
  const button = useRef<HTMLButtonElement>(null);
  const popover = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const [grown, setGrown] = useState({ count, times: 0 });
  if (count !== grown.count) setGrown({ count, times: grown.times + +(count > grown.count) });

  useEffect(() => {
    const bell = button.current as HTMLButtonElement;
    const sheet = popover.current as HTMLDivElement;
    // Set here, as React 18 and 19 spell the attribute differently. The browser's own click on it closes and does not reopen.
    bell.popoverTargetElement = sheet;
    sheet.ontoggle = ({ newState }) => {
      setOpen(newState === "open");
      if (newState === "open") sheet.focus();
    };
  }, []);

  return (
    <>
      <button
        ref={button}
        type="button"
        {...part("bell", ROOT)}
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-label={messages.bell(count)}
      >
        {icon ?? <Icon d={BELL} />}
        {count > 0 && (
          <span key={grown.times} {...part("badge")} aria-hidden>
            {count > 99 ? "99+" : count}
          </span>
        )}
      </button>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the key that follows a link clicks it */}
      <div
        ref={popover}
        {...part("popover", ROOT)}
        popover="auto"
        role="dialog"
        aria-label={messages.title}
        tabIndex={-1}
        // A link that was followed inside the application: what covers it goes.
        onClick={(event) => event.defaultPrevented && popover.current?.hidePopover()}
      >
        {open && (children ?? <Inbox {...inbox} />)}
      </div>
    </>
  );
}
