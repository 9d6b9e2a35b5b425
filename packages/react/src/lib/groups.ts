/**
 * A list by days. It comes as unread ones, newest first, then read ones, newest first: days begin anew in the second part.
 *
 * The parts are told by `seq`: where it rises, the second begins. One that is read in place stays in its part, so `readAt`
 * cannot tell. Not here: how a day is called (`i18n/times.ts`).
 */
import type { Notification } from "@grelot/client";

export interface Group {
  readonly key: string;
  readonly day: string;
  /** In the second part, where the days begin anew. */
  readonly again: boolean;
  /** How many stand before it. */
  readonly start: number;
  readonly notifications: Notification[];
}

export function byDay(notifications: readonly Notification[], dayOf: (instant: string) => string): Group[] {
  const groups: Group[] = [];
  let again = false;
  let last: Notification | undefined;
  notifications.forEach((notification, start) => {
    const rises = !!last && notification.seq > last.seq;
    again ||= rises;
    last = notification;
    const day = dayOf(notification.createdAt);
    const group = groups.at(-1);
    if (group?.day === day && !rises) group.notifications.push(notification);
    else groups.push({ key: `${groups.length} ${day}`, day, again, start, notifications: [notification] });
  });
  return groups;
}
