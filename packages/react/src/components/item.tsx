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
import { part, typed } from "../lib/part.js";
import { Button } from "./button.js";
import { Content } from "./content.js";
import { BIN, CHECK, DOT, Icon } from "./icon.js";

/** What can be done with it. */
export interface ItemActions {
  readonly open: (notification: Notification, event: MouseEvent) => void;
  readonly toggleRead: (notification: Notification) => void;
  readonly remove: (notification: Notification) => void;
}

interface ItemProps {
  readonly _notification: Notification;
  readonly _actions: ItemActions;
  readonly _ago: string;
  readonly _times: Times;
  readonly _category: string | null;
  readonly _position: number;
  /** Of all that there are; -1 while there are more to load. */
  readonly _size: number;
  /** It is the one that Tab reaches. */
  readonly _current: boolean;
  readonly _onCurrent: (id: string) => void;
  readonly _render: ((notification: Notification, actions: ItemActions) => ReactNode) | undefined;
}

export const Item: (props: ItemProps) => ReactNode = /* @__PURE__ */ memo(function Item({
  _notification: notification,
  _actions: actions,
  _ago: ago,
  _times: times,
  _position: position,
  _size: size,
  _current: current,
  _onCurrent: onCurrent,
  _render: render,
  _category: category,
}: ItemProps) {
  const messages = useMessages();
  const label = useId();
  const { id, type, createdAt, title } = notification;
  const unread = !notification.readAt;
  const tabIndex = current ? 0 : -1;
  return (
    <article
      {...part("item")}
      data-id={id}
      {...typed(type)}
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
            _unread={unread}
            tabIndex={tabIndex}
            _onOpen={(event) => actions.open(notification, event)}
          >
            <div {...part("meta")}>
              <time dateTime={createdAt} title={times._full(createdAt)}>
                {ago}
              </time>
              {category && ` · ${category}`}
            </div>
          </Content>
          <div {...part("actions")}>
            <Button
              _name="mark-read"
              _label={unread ? messages.markAsRead : messages.markAsUnread}
              _of={title}
              tabIndex={tabIndex}
              onClick={() => actions.toggleRead(notification)}
            >
              <Icon d={unread ? CHECK : DOT} />
            </Button>
            <Button
              _name="delete"
              _label={messages.remove}
              _of={title}
              tabIndex={tabIndex}
              onClick={() => actions.remove(notification)}
            >
              <Icon d={BIN} />
            </Button>
          </div>
        </>
      )}
    </article>
  );
});
