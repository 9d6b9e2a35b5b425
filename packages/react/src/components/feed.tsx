"use client";
/**
 * The list of an inbox: by days, one of them in reach of Tab, and further pages as its end comes near.
 *
 * Not here: the keys (`use-keys.ts`).
 */
import type { Notification } from "@grelot/client";
import { type ReactElement, useEffect, useId, useMemo, useRef, useState } from "react";
import { createTimes } from "../i18n/times.js";
import { useMessages } from "../i18n/use-messages.js";
import { byDay } from "../lib/groups.js";
import { useShared } from "../provider.js";
import type { InboxProps } from "./inbox.js";
import { Item, type ItemActions } from "./item.js";

const TICK = 30_000;

interface FeedProps {
  readonly notifications: readonly Notification[];
  /** All that there are. */
  readonly complete: boolean;
  readonly actions: ItemActions;
  /** Of categories. */
  readonly labels: ReadonlyMap<string, string>;
  readonly renderItem: InboxProps["renderItem"] | undefined;
  /** Absent after a failure: whoever reads asks again. */
  readonly fetchMore: (() => Promise<void>) | undefined;
}

export function Feed({ notifications, complete, actions, labels, renderItem, fetchMore }: FeedProps): ReactElement {
  const { locale } = useShared();
  const messages = useMessages();
  const times = useMemo(() => createTimes(locale), [locale]);
  const now = useNow();
  const id = useId();
  const [chosen, choose] = useState<string>();
  const current = notifications.some((n) => n.id === chosen) ? chosen : notifications[0]?.id;
  const size = complete ? notifications.length : -1;
  return (
    <>
      {byDay(notifications, (instant) => times.day(instant, now)).map(({ key, day, again, start, notifications }) => (
        <div key={key} className="grelot-group">
          <h3 id={id + key}>{again ? `${messages.read} · ${day}` : day}</h3>
          <div role="feed" aria-labelledby={id + key}>
            {notifications.map((notification, at) => (
              <Item
                key={notification.id}
                notification={notification}
                actions={actions}
                ago={times.ago(notification.createdAt, now)}
                full={times.full(notification.createdAt)}
                category={notification.category && (labels.get(notification.category) ?? notification.category)}
                position={start + at + 1}
                size={size}
                current={notification.id === current}
                onCurrent={choose}
                render={renderItem}
              />
            ))}
          </div>
        </div>
      ))}
      {!complete && fetchMore && <More key={notifications.length} fetchMore={fetchMore} />}
    </>
  );
}

/** Asks by itself as it comes into view; a new one stands after each page, so a short page does not end it. */
function More({ fetchMore }: { readonly fetchMore: () => Promise<void> }): ReactElement {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const near = new IntersectionObserver(([entry]) => entry?.isIntersecting && fetchMore(), { rootMargin: "300px" });
    near.observe(button.current as HTMLButtonElement);
    return () => near.disconnect();
  }, [fetchMore]);
  return (
    <button ref={button} type="button" className="grelot-more" data-part="load-more" onClick={() => fetchMore()}>
      {useMessages().loadMore}
    </button>
  );
}

/** The time, often enough for what is shown of it. */
function useNow(): number {
  const [now, tick] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => tick(Date.now()), TICK);
    return () => clearInterval(timer);
  }, []);
  return now;
}
