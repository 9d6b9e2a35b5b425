/**
 * A list by days. It comes as unread ones, newest first, then read ones, newest first: days begin anew in the second part.
 *
 * The parts are told by `seq`: where it rises, the second begins. One that is read in place stays in its part, so `readAt`
 * cannot tell. Not here: how a day is called (`i18n/times.ts`).
 */
import type { Notification } from "@grelot/client";

export interface Group {
  readonly key: string;
  readonly name: string;
  /** How many stand before it. */
  readonly start: number;
  readonly notifications: Notification[];
}

/** `nameOf` is told whether it is in the second part, where the days begin anew. */
export function byDay(
  notifications: readonly Notification[],
  nameOf: (instant: string, again: boolean) => string,
): Group[] {
  const groups: Group[] = [];
  let again = false;
  notifications.forEach((notification, start) => {
    again ||= notification.seq > (notifications[start - 1]?.seq ?? notification.seq);
    const name = nameOf(notification.createdAt, again);
    const group = groups.at(-1);
    if (group?.name === name) group.notifications.push(notification);
    else groups.push({ key: `${groups.length} ${name}`, name, start, notifications: [notification] });
  });
  return groups;
}
