/**
 * Which toasts there are: a pure list, the newest first.
 *
 * Many in a short time become one that counts. Not here: when they go by themselves (`components/toast.tsx`), who shows them.
 */
import type { Notification, NotificationType, ToastEvent } from "@grelot/client";

/** So many within `BURST` of each other are one. */
const MANY = 4;
const BURST = 1_000;
/** Further ones push out the oldest: what is not dismissed must not pile up. */
const KEPT = 20;

/** A toast: of one notification, or of several. */
export interface Toast {
  readonly key: string;
  readonly at: number;
  readonly type: NotificationType;
  readonly count: number;
  /** The newest one. Absent where only a number is known. */
  readonly notification: Notification | undefined;
}

export type ToastChange =
  | { readonly event: ToastEvent; readonly at: number }
  /** Dismissed: one, or (`undefined`) all, since nothing is unread any more. */
  | { readonly close: string | undefined };

/** What a toast is to say: the newest, and how many there are. */
export const about = (event: Exclude<ToastEvent, { kind: "dismiss" }>): Pick<Toast, "count" | "notification"> =>
  event.kind === "summary"
    ? { count: event.count, notification: event.notifications[0] }
    : { count: 1, notification: event.notification };

export function reduceToasts(toasts: readonly Toast[], change: ToastChange): readonly Toast[] {
  if ("close" in change) {
    return toasts.filter(({ key }) => change.close && key !== change.close);
  }
  const { event, at } = change;
  if (event.kind === "dismiss") {
    const { ids } = event;
    return toasts.filter(({ notification }) => ids && !ids.includes(notification?.id as string));
  }
  const { count: many, notification } = about(event);
  if (many > 1) return add(toasts, { key: `${at}`, at, type: "INFO", count: many, notification });
  if (!notification) return toasts;
  const recent = toasts.filter((toast) => at - toast.at < BURST);
  const count = recent.reduce((sum, toast) => sum + toast.count, 1);
  const one: Toast = { key: notification.id, at, type: notification.type, count: 1, notification };
  if (count < MANY) return add(toasts, one);
  // It is as grave as the gravest in it, and stays if that one would.
  const type = [one, ...recent].some((toast) => toast.type === "ERROR") ? "ERROR" : "INFO";
  const first = recent.find((toast) => toast.count > 1);
  return add(toasts.slice(recent.length), { ...one, key: first?.key ?? one.key, type, count });
}

const add = (toasts: readonly Toast[], toast: Toast): readonly Toast[] => [toast, ...toasts].slice(0, KEPT);
