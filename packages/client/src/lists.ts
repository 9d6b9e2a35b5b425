/**
 * A filtered list: when its pages are fetched, and what it shows.
 *
 * Not here: where a notification belongs in it (`store/state.ts`).
 */
import type { Page } from "./api/types.js";
import { asFailure } from "./errors.js";
import type { View } from "./store/ops.js";
import { type State, shows } from "./store/state.js";
import type { Http } from "./transport/http.js";
import type { GrelotError, ListFilter, ListSnapshot, NotificationList } from "./types.js";

const PAGE = 20;
const LARGEST_PAGE = 100;

export const EMPTY_LIST: ListSnapshot = {
  notifications: [],
  isLoading: true,
  isFetchingMore: false,
  error: null,
  hasMore: false,
};

export interface ListOwner {
  readonly http: Http;
  state(): State;
  view(): View;
  page(page: Page, append: boolean): void;
  notify(): void;
  subscribe(listener: () => void): () => void;
}

/** What the client does with a list, beside handing it out. */
export interface List {
  readonly handle: NotificationList;
  /** Fetches what somebody is looking at and is not known. */
  check(retry: boolean): void;
  /** Another user: what is on its way is not for this list any more. */
  clear(): void;
}

export function createList(owner: ListOwner, key: string, filter: ListFilter): List {
  let watchers = 0;
  let generation = 0;
  let fetching: Promise<void> | undefined;
  let fetchingMore: Promise<void> | undefined;
  let error: GrelotError | null = null;
  let snapshot = EMPTY_LIST;

  const load = async (append: boolean): Promise<void> => {
    const mine = append ? generation : ++generation;
    const { status, category, type, limit = PAGE } = filter;
    const known = owner.state().lists.get(key);
    const size = append ? limit : Math.min(LARGEST_PAGE, Math.max(limit, known?.ids.length ?? 0));
    const query = new URLSearchParams({ limit: `${size}` });
    if (status) query.set("status", status);
    if (category !== undefined) query.set("category", category);
    if (type) query.set("type", type);
    if (append && known?.next) query.set("cursor", known.next);
    try {
      const page = await owner.http.json<Page>(`?${query}`);
      if (mine !== generation) return;
      error = null;
      settle(append);
      owner.page(page, append);
    } catch (thrown) {
      if (mine !== generation) return;
      error = asFailure(thrown);
      settle(append);
      // The cursor is no longer good: the walk begins anew.
      if (append && error.status === 400) return refetch();
    }
    owner.notify();
  };

  const settle = (append: boolean): void => {
    if (append) fetchingMore = undefined;
    else fetching = undefined;
  };

  const refetch = (): Promise<void> => {
    fetchingMore = undefined;
    fetching = load(false);
    owner.notify();
    return fetching;
  };

  const fetchMore = async (): Promise<void> => {
    if (fetching || !owner.state().lists.get(key)?.next) return fetching;
    if (!fetchingMore) {
      fetchingMore = load(true);
      owner.notify();
    }
    return fetchingMore;
  };

  const check = (retry: boolean): void => {
    const known = owner.state().lists.get(key);
    if (watchers && !fetching && (!known || known.stale) && (!error || retry)) void refetch();
  };

  return {
    handle: {
      subscribe(listener) {
        const end = owner.subscribe(listener);
        watchers++;
        check(true);
        return () => {
          watchers--;
          end();
        };
      },
      getSnapshot() {
        const known = owner.state().lists.get(key);
        const { get } = owner.view();
        const notifications = (known?.ids ?? []).flatMap((id) => {
          const n = get(id);
          return n && shows(filter, n) ? [n] : [];
        });
        const old = snapshot.notifications;
        const next: ListSnapshot = {
          notifications:
            old.length === notifications.length && old.every((n, at) => n === notifications[at]) ? old : notifications,
          isLoading: !known && (!!fetching || !error),
          isFetchingMore: !!fetchingMore,
          error,
          hasMore: !!known?.next,
        };
        snapshot = same(snapshot, next);
        return snapshot;
      },
      getServerSnapshot: () => EMPTY_LIST,
      fetchMore,
      refetch,
    },
    check,
    clear() {
      generation++;
      fetching = fetchingMore = undefined;
      error = null;
    },
  };
}

/** The old object where the new one says nothing else. */
export function same<T extends object>(old: T, next: T): T {
  return (Object.keys(next) as (keyof T)[]).every((key) => old[key] === next[key]) ? old : next;
}
