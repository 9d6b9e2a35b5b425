"use client";
/**
 * What the buttons and keys of an item do, and what the inbox says afterwards: that one was deleted and can come back, or that
 * something was refused.
 */
import { type RefObject, useEffect, useMemo, useState } from "react";
import { useMessages } from "../i18n/use-messages.js";
import { itemsOf } from "../lib/items.js";
import { follow } from "../lib/link.js";
import { useLatest } from "../lib/use-latest.js";
import { useShared } from "../provider.js";
import type { ItemActions } from "./item.js";

const NOTICE = 5_000;

interface Notice {
  readonly _text: string;
  readonly _undo?: () => void;
}

interface ItemActionsHook {
  readonly _actions: ItemActions;
  readonly _notice: Notice | undefined;
  /** Says so if it fails. */
  readonly _act: (action: Promise<void>) => void;
}

export function useItemActions(root: RefObject<HTMLElement | null>): ItemActionsHook {
  const { _client: client, _onNavigate: onNavigate } = useShared();
  const messages = useLatest(useMessages());
  const navigate = useLatest(onNavigate);
  const [notice, say] = useState<Notice>();

  useEffect(() => {
    const timer = notice && setTimeout(say, NOTICE, undefined);
    return () => clearTimeout(timer);
  }, [notice]);

  const rest = useMemo(() => {
    const act = (action: Promise<void>): void => {
      action.catch(() => say({ _text: messages.current.refused }));
    };
    const actions: ItemActions = {
      open(notification, event) {
        act(client.markAsRead(notification.id));
        follow(event, notification, navigate.current);
      },
      toggleRead({ id, readAt }) {
        act(readAt ? client.markAsUnread(id) : client.markAsRead(id));
      },
      remove({ id }) {
        // The focus goes to a neighbour before its place is gone.
        const { items, at } = itemsOf(root, document.activeElement);
        if (items[at]?.dataset["id"] === id) (items[at + 1] ?? items[at - 1])?.focus();
        const removal = client.removeWithUndo(id, NOTICE);
        act(removal.done);
        say({
          _text: messages.current.removed,
          _undo() {
            removal.undo();
            say(undefined);
            root.current?.focus();
          },
        });
      },
    };
    return { _act: act, _actions: actions };
  }, [client, root, messages, navigate]);
  return { ...rest, _notice: notice };
}
