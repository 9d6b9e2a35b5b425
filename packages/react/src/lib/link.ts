/**
 * Which links are followed, and how.
 *
 * The server refuses the others already; one that came another way (a row of the host's own) is shown without its link.
 */
import type { Notification } from "@grelot/client";
import type { MouseEvent } from "react";

/** A path of this origin, or `https:`, `http:` or `mailto:`. A browser drops control characters, so none may hide a scheme. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
const SAFE = /^(?:https?:|mailto:|\/(?![/\\]))[^\0-\x1f]*$/i;

export const safeLink = (link: string | null | undefined): string | undefined =>
  link && SAFE.test(link) ? link : undefined;

/** Leaves to the browser what is not a plain click on a path of this origin. Only the first button clicks. */
export function follow(
  event: MouseEvent,
  notification: Notification,
  onNavigate?: (href: string, notification: Notification) => void,
): void {
  const { link } = notification;
  if (!onNavigate || !link?.startsWith("/") || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  onNavigate(link, notification);
}
