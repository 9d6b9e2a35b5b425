"use client";
/** What an item and a toast have in common: what kind it is, what it says, and where it leads. */
import type { NotificationType } from "@grelot/client";
import type { MouseEvent, ReactElement, ReactNode } from "react";
import { useMessages } from "../i18n/use-messages.js";
import { safeLink } from "../lib/link.js";
import { part } from "../lib/part.js";
import { Icon, TYPES } from "./icon.js";

interface ContentProps {
  readonly type: NotificationType;
  readonly title: string;
  readonly body: string | null | undefined;
  readonly link: string | null | undefined;
  readonly _onOpen: (event: MouseEvent<HTMLElement>) => void;
  readonly id?: string;
  readonly _unread?: boolean;
  readonly tabIndex?: number;
  readonly children?: ReactNode;
}

export function Content(props: ContentProps): ReactElement {
  const { type, title, body, _onOpen: onOpen, id, _unread: unread, tabIndex, children } = props;
  const messages = useMessages();
  const href = safeLink(props.link);
  const text = <bdi>{title}</bdi>;
  return (
    <>
      <Icon d={TYPES[type]} />
      <div {...part("text")}>
        <div {...part("title")} id={id}>
          <span {...part("hidden")}>
            {unread && `${messages.unread}. `}
            {`${messages.types[type]}. `}
          </span>
          {href ? (
            <a href={href} tabIndex={tabIndex} draggable={false} onClick={onOpen}>
              {text}
            </a>
          ) : (
            text
          )}
        </div>
        {body && (
          <div {...part("body")}>
            <bdi>{body}</bdi>
          </div>
        )}
        {children}
      </div>
    </>
  );
}
