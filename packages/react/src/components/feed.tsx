"use client";
/**
 * The list of an inbox: by days, one of them in reach of Tab, and further pages as its end comes near.
 *
 * Not here: the keys (`use-keys.ts`).
 */
import type { EffectiveCategory, Notification } from "@grelot/client";
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
  readonly _notifications: readonly Notification[];
  /** All that there are. */
  readonly _complete: boolean;
  readonly _actions: ItemActions;
  /** With their labels. */
  readonly _categories: readonly EffectiveCategory[];
  readonly _renderItem: InboxProps["renderItem"] | undefined;
  /** Absent after a failure: whoever reads asks again. */
  readonly _fetchMore: (() => Promise<void>) | undefined;
}

export function Feed({
  _notifications: notifications,
  _complete: complete,
  _actions: actions,
  _categories: categories,
  _renderItem: renderItem,
  _fetchMore: fetchMore,
}: FeedProps): ReactElement {
  const { _locale: locale } = useShared();
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
    (instant, again) => (again ? `${messages.read} · ` : "") + times._day(instant, now),
  );
  return (
    <>
      {groups.map((group) => (
        <div {...part("group")} key={group._key}>
          <h3>{group._name}</h3>
          <div aria-label={group._name} role="feed">
            {group._notifications.map((notification, at) => (
              <Item
                key={notification.id}
                _notification={notification}
                _actions={actions}
                _ago={times._ago(notification.createdAt, now)}
                _times={times}
                _category={
                  categories.find((each) => each.category === notification.category)?.label ?? notification.category
                }
                _position={group._start + at + 1}
                _size={size}
                _current={notification.id === current}
                _onCurrent={choose}
                _render={renderItem}
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
    const timer = setInterval(tick, TICK, Date.now);
    return () => clearInterval(timer);
  }, []);
  return now;
}
