"use client";
/**
 * One notification in a list.
 *
 * Rendered again when something of it changes and not when the list does. Not here: what its actions do (`inbox.tsx`).
 */
import type { Notification } from "@grelot/client";
import { type MouseEvent, memo, type ReactNode, useId } from "react";
import type { Times } from "../i18n/times.js";
import { useMessages } from "../i18n/use-messages.js";
import { part } from "../lib/part.js";
import { Button } from "./button.js";
import { Content } from "./content.js";
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
  readonly times: Times;
  readonly category: string | null;
  readonly position: number;
  /** Of all that there are; -1 while there are more to load. */
  readonly size: number;
  /** It is the one that Tab reaches. */
  readonly current: boolean;
  readonly onCurrent: (id: string) => void;
  readonly render: ((notification: Notification, actions: ItemActions) => ReactNode) | undefined;
}

export const Item: (props: ItemProps) => ReactNode = /* @__PURE__ */ memo(function Item({
  notification,
  actions,
  ago,
  times,
  category,
  position,
  size,
  current,
  onCurrent,
  render,
}: ItemProps) {
  const messages = useMessages();
  const label = useId();
  const { id, type, title, createdAt } = notification;
  const unread = !notification.readAt;
  const tabIndex = current ? 0 : -1;
  return (
    <article
      {...part("item")}
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
          <Content
            {...notification}
            id={label}
            unread={unread}
            tabIndex={tabIndex}
            onOpen={(event) => actions.open(notification, event)}
          >
            <div {...part("meta")}>
              <time dateTime={createdAt} title={times.full(createdAt)}>
                {ago}
              </time>
              {category && ` · ${category}`}
            </div>
          </Content>
          <div {...part("actions")}>
            <Button
              name="mark-read"
              label={unread ? messages.markAsRead : messages.markAsUnread}
              of={title}
              tabIndex={tabIndex}
              onClick={() => actions.toggleRead(notification)}
            >
              <Icon name={unread ? "check" : "dot"} />
            </Button>
            <Button
              name="delete"
              label={messages.remove}
              of={title}
              tabIndex={tabIndex}
              onClick={() => actions.remove(notification)}
            >
              <Icon name="bin" />
            </Button>
          </div>
        </>
      )}
    </article>
  );
});
