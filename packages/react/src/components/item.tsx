"use client";
/**
 * One notification in a list.
 *
 * Rendered again when something of it changes and not when the list does. Not here: what its actions do (`inbox.tsx`).
 */
import type { Notification } from "@grelot/client";
import { type MouseEvent, memo, type ReactNode, useId } from "react";
import { useMessages } from "../i18n/use-messages.js";
import { safeLink } from "../lib/link.js";
import { Icon } from "./icon.js";

/** What can be done with it. */
export interface ItemActions {
  readonly open: (notification: Notification, event: MouseEvent) => void;
  readonly toggleRead: (notification: Notification) => void;
  readonly remove: (notification: Notification) => void;
}

interface ItemProps {
  readonly notification: Notification;
  readonly actions: ItemActions;
  readonly ago: string;
  readonly full: string;
  readonly category: string | null;
  readonly position: number;
  /** Of all that there are; -1 while there are more to load. */
  readonly size: number;
  /** It is the one that Tab reaches. */
  readonly current: boolean;
  readonly onCurrent: (id: string) => void;
  readonly render: ((notification: Notification, actions: ItemActions) => ReactNode) | undefined;
}

export const Item: (props: ItemProps) => ReactNode = memo(function Item({
  notification,
  actions,
  ago,
  full,
  category,
  position,
  size,
  current,
  onCurrent,
  render,
}: ItemProps) {
  const messages = useMessages();
  const label = useId();
  const { id, type, title, body, createdAt } = notification;
  const unread = !notification.readAt;
  const link = safeLink(notification.link);
  const tabIndex = current ? 0 : -1;
  const toggle = unread ? messages.markAsRead : messages.markAsUnread;
  return (
    <article
      className="grelot-item"
      data-part="item"
      data-id={id}
      data-type={type}
      data-unread={unread}
      aria-labelledby={label}
      aria-posinset={position}
      aria-setsize={size}
      tabIndex={tabIndex}
      onFocus={() => onCurrent(id)}
    >
      {render?.(notification, actions) ?? (
        <>
          <Icon name={type} />
          <div className="grelot-text">
            <div className="grelot-title" id={label}>
              <span className="grelot-hidden">
                {unread && `${messages.unread}. `}
                {messages.types[type]}.{" "}
              </span>
              {link ? (
                <a href={link} tabIndex={tabIndex} onClick={(event) => actions.open(notification, event)}>
                  <bdi>{title}</bdi>
                </a>
              ) : (
                <bdi>{title}</bdi>
              )}
            </div>
            {body && (
              <div className="grelot-body">
                <bdi>{body}</bdi>
              </div>
            )}
            <div className="grelot-meta">
              <time dateTime={createdAt} title={full}>
                {ago}
              </time>
              {category && ` · ${category}`}
            </div>
          </div>
          <div className="grelot-actions">
            <button
              type="button"
              data-part="mark-read"
              tabIndex={tabIndex}
              title={toggle}
              aria-label={`${toggle}: ${title}`}
              onClick={() => actions.toggleRead(notification)}
            >
              <Icon name={unread ? "check" : "dot"} />
            </button>
            <button
              type="button"
              data-part="delete"
              tabIndex={tabIndex}
              title={messages.remove}
              aria-label={`${messages.remove}: ${title}`}
              onClick={() => actions.remove(notification)}
            >
              <Icon name="bin" />
            </button>
          </div>
        </>
      )}
    </article>
  );
});
