"use client";
/** The keys of a list: arrows, Home, End, Enter, `r`, Delete, and `?` for what they are. */
import type { Notification } from "@grelot/client";
import type { KeyboardEvent, RefObject } from "react";
import { itemsOf } from "../lib/items.js";
import type { ItemActions } from "./item.js";

export function useKeys(
  root: RefObject<HTMLElement | null>,
  notifications: readonly Notification[],
  actions: ItemActions,
  help: () => void,
): (event: KeyboardEvent) => void {
  return (event) => {
    const target = event.target as HTMLElement;
    if (event.altKey || event.ctrlKey || event.metaKey || target.closest("select")) return;
    const { items, at } = itemsOf(root, target);
    const item = items[at];
    const notification = notifications.find(({ id }) => id === item?.dataset["id"]);
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: items.length - 1,
    };
    const to = moves[event.key];
    if (to !== undefined) items[to]?.focus();
    else if (event.key === "?") help();
    else if (!notification) return;
    else if (event.key === "r") actions.toggleRead(notification);
    else if (event.key === "Delete") actions.remove(notification);
    else if (event.key === "Enter" && target === item) {
      const link = item.querySelector("a");
      if (link) link.click();
      else if (!notification.readAt) actions.toggleRead(notification);
    } else return;
    event.preventDefault();
  };
}
