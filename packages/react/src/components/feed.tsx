"use client";
/**
 * The list of an inbox: by days, one of them in reach of Tab, and further pages as its end comes near.
 *
 * Not here: the keys (`use-keys.ts`).
 */
import type { Notification } from "@grelot/client";
import { type ReactElement, useEffect, useMemo, useRef, useState } from "react";
import { createTimes } from "../i18n/times.js";
import { useMessages } from "../i18n/use-messages.js";
import { byDay } from "../lib/groups.js";
import { part } from "../lib/part.js";
import { useShared } from "../provider.js";
import type { InboxProps } from "./inbox.js";
import { Item, type ItemActions } from "./item.js";

const TICK = 30_000;
/** Of what scrolls inside the window, as a popover does. */
const NEAR: object = { scrollMargin: "300px" };
/** Rendered at first, and more with each time that their end comes near: a storm must not cost a page of its own. */
const RENDERED = 50;

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
  const [chosen, choose] = useState<string>();
  const current = notifications.some((n) => n.id === chosen) ? chosen : notifications[0]?.id;
  const [limit, grow] = useState(RENDERED);
  const showMore = useMemo(() => async () => grow((now) => now + RENDERED), []);
  const more = limit < notifications.length ? showMore : complete ? undefined : fetchMore;
  const size = complete ? notifications.length : -1;
  const groups = byDay(
    notifications.slice(0, limit),
    (instant, again) => (again ? `${messages.read} · ` : "") + times.day(instant, now),
  );
  return (
    <>
      {groups.map((group) => (
        <div key={group.key} {...part("group")}>
          <h3>{group.name}</h3>
          <div role="feed" aria-label={group.name}>
            {group.notifications.map((notification, at) => (
              <Item
                key={notification.id}
                notification={notification}
                actions={actions}
                ago={times.ago(notification.createdAt, now)}
                times={times}
                category={notification.category && (labels.get(notification.category) ?? notification.category)}
                position={group.start + at + 1}
                size={size}
                current={notification.id === current}
                onCurrent={choose}
                render={renderItem}
              />
            ))}
          </div>
        </div>
      ))}
      {more && <More fetchMore={more} />}
    </>
  );
}

/** Asks by itself while it is in view, or nearly: again after each page, which may have been short. */
function More({ fetchMore }: { readonly fetchMore: () => Promise<void> }): ReactElement {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    let here = true;
    const near = new IntersectionObserver((seen) => {
      if (seen.at(-1)?.isIntersecting) fetchMore().then(look);
    }, NEAR);
    const look = (): void => {
      near.disconnect();
      if (here) near.observe(button.current as HTMLButtonElement);
    };
    look();
    return () => {
      here = false;
      near.disconnect();
    };
  }, [fetchMore]);
  return (
    <button ref={button} type="button" {...part("load-more")} onClick={() => fetchMore()}>
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
