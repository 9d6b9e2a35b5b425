/**
 * A list by days. It comes as unread ones, newest first, then read ones, newest first: days begin anew in the second part.
 *
 * The parts are told by `seq`: where it rises, the second begins. One that is read in place stays in its part, so `readAt`
 * cannot tell. Not here: how a day is called (`i18n/times.ts`).
 */
import type { Notification } from "@grelot/client";

export interface Group {
  readonly _key: string;
  readonly _name: string;
  /** How many stand before it. */
  readonly _start: number;
  readonly _notifications: Notification[];
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
    if (group?._name === name) group._notifications.push(notification);
    else groups.push({ _key: `${groups.length} ${name}`, _name: name, _start: start, _notifications: [notification] });
  });
  return groups;
}
