"use client";
/**
 * The inbox: tabs, a category, the list by days with its keys, and what it says when it is empty, late, cut off or refused.
 *
 * Reading order: this file (what is chosen, and the frame), `use-item-actions.ts`, `feed.tsx` (the list), `item.tsx`.
 * Not here: where it opens (`bell.tsx`), how it looks (`style.css`).
 */
import type { Notification } from "@grelot/client";
import { type KeyboardEvent, type ReactElement, type ReactNode, useEffect, useRef, useState } from "react";
import { useMessages } from "../i18n/use-messages.js";
import { part, ROOT } from "../lib/part.js";
import { useGrelotClient } from "../provider.js";
import { useNotifications } from "../use-notifications.js";
import { usePreferences } from "../use-preferences.js";
import { Button } from "./button.js";
import { Connection } from "./connection.js";
import { Feed } from "./feed.js";
import { BELL, Icon, SLIDERS } from "./icon.js";
import type { ItemActions } from "./item.js";
import { Preferences } from "./preferences.js";
import { useItemActions } from "./use-item-actions.js";
import { useKeys } from "./use-keys.js";
import { Failed, Loading } from "./waiting.js";

export interface InboxProps {
  /** Only this category; without it, the reader chooses. */
  readonly category?: string;
  /** Opens preferences that are elsewhere. Without it, they are shown in the inbox. */
  readonly onPreferences?: () => void;
  /** Without the state of the connection, where it is shown elsewhere. */
  readonly connection?: false;
  /** In place of what is inside an item. */
  readonly renderItem?: (notification: Notification, actions: ItemActions) => ReactNode;
  /** In place of what is shown when there is nothing. */
  readonly renderEmpty?: () => ReactNode;
}

export function Inbox({
  category: only,
  onPreferences,
  connection,
  renderItem,
  renderEmpty,
}: InboxProps): ReactElement {
  const messages = useMessages();
  const client = useGrelotClient();
  const root = useRef<HTMLElement>(null);
  const [unreadOnly, setUnreadOnly] = useState(false);
  const [chosen, choose] = useState("");
  /** By the name of its title. */
  const [page, setPage] = useState<"title" | "preferences" | "keys">("title");
  /** For the focus, where what had it goes away. */
  const home = (): void => root.current?.focus();
  const turn = (to: typeof page): void => {
    setPage(to);
    home();
  };
  /** What came after it waits while the list is scrolled, so that nothing moves under the eye. */
  const [held, hold] = useState<number | null>(null);
  const category = only ?? chosen;
  const categories = usePreferences().preferences?.effective ?? [];
  const list = useNotifications({
    filter: { status: unreadOnly ? "unread" : "all", ...(category && { category }) },
  });
  const { notifications, isLoading, error, hasMore, unreadCount, refetch, fetchMore } = list;
  const shown = held === null ? notifications : notifications.filter(({ seq }) => seq <= held);
  const fresh = notifications.length - shown.length;
  const { _actions: actions, _notice: notice, _act: act } = useItemActions(root);
  const onKeyDown = useKeys(root, notifications, actions, () => turn("keys"));

  // A popover that was just opened has the focus: from here on the keys are the list's.
  useEffect(() => {
    if (root.current?.parentElement === document.activeElement) root.current?.focus();
  }, []);

  // One that was read stays in its place while it is looked at; whoever comes back finds the list in order.
  // biome-ignore lint/correctness/useExhaustiveDependencies(isLoading): only when it is another list
  useEffect(() => {
    if (!isLoading) refetch();
  }, [refetch]);

  const back = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    turn("title");
  };

  const tab = (name: string, active: boolean, text: string, count: number): ReactElement => (
    <Button _name={name} aria-pressed={active} onClick={() => setUnreadOnly(name === "tab-unread")}>
      {text}
      {count > 0 && <span {...part("count")}>{count}</span>}
    </Button>
  );

  const head = (
    <>
      {connection !== false && <Connection />}
      {only === undefined && categories.length > 1 && (
        <select
          aria-label={messages.category}
          data-part="category"
          value={chosen}
          onChange={({ target }) => choose(target.value)}
        >
          <option value="">{messages.allCategories}</option>
          {categories.map(({ category: key, label }) => (
            <option key={key} value={key}>
              {label}
            </option>
          ))}
        </select>
      )}
      <Button _name="settings" _label={messages.preferences} onClick={onPreferences ?? (() => turn("preferences"))}>
        <Icon d={SLIDERS} />
      </Button>
      <div {...part("tabs")}>
        {tab("tab-all", !unreadOnly, messages.all, 0)}
        {tab("tab-unread", unreadOnly, messages.unread, unreadCount)}
        <Button
          _name="mark-all-read"
          disabled={!unreadCount}
          onClick={() => {
            act(list.markAllAsRead());
            home();
          }}
        >
          {messages.markAllAsRead}
        </Button>
      </div>
      {fresh > 0 && (
        <Button
          _name="fresh"
          onClick={() => {
            hold(null);
            root.current?.scrollTo(0, 0);
            home();
          }}
        >
          {messages.fresh(fresh)}
        </Button>
      )}
    </>
  );
  const body = (
    <>
      {isLoading ? (
        <Loading />
      ) : (
        <Feed
          _notifications={shown}
          _complete={!hasMore}
          _actions={actions}
          _categories={categories}
          _renderItem={renderItem}
          _fetchMore={error ? undefined : fetchMore}
        />
      )}
      {!isLoading && !error && !notifications.length && (
        <div {...part("empty")}>
          {renderEmpty?.() ?? (
            <>
              <Icon d={BELL} />
              <p>{messages.empty}</p>
            </>
          )}
        </div>
      )}
      {error && (hasMore || !notifications.length) && (
        <Failed
          retry={() => {
            (notifications.length ? fetchMore : refetch)();
            home();
          }}
        />
      )}
      <div {...part("foot")} role="status">
        {notice && (
          <p {...part("notice")}>
            {notice._text}
            {notice._undo && (
              <Button _name="undo" onClick={notice._undo}>
                {messages.undo}
              </Button>
            )}
          </p>
        )}
      </div>
    </>
  );

  return (
    <section
      ref={root}
      {...part("inbox", ROOT)}
      aria-label={messages[page]}
      tabIndex={-1}
      onKeyDown={page === "title" ? onKeyDown : back}
      onScroll={({ currentTarget: { scrollTop } }) =>
        hold((seq) => (scrollTop > 40 ? (seq ?? client.getSnapshot().seq) : null))
      }
    >
      <header {...part("head")}>
        {page !== "title" && (
          <Button _name="back" onClick={() => turn("title")}>
            ‹ {messages.back}
          </Button>
        )}
        <h2>{messages[page]}</h2>
        {page === "title" && head}
      </header>
      {page === "title" && body}
      {page === "preferences" && <Preferences />}
      {page === "keys" && (
        <dl {...part("keys")}>
          {messages.keyHelp.map(([key, meaning]) => (
            <div {...part("note")} key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}
