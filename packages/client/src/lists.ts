/**
 * A filtered list: which pages are fetched, and what it shows.
 *
 * Not here: where a notification belongs in it (`store/state.ts`), when it is fetched (`resource.ts`).
 */
import type { Notification, Page } from "./api/types.js";
import { type Core, same } from "./core.js";
import { createResource } from "./resource.js";
import { applyPage, walked } from "./store/state.js";
import type { ListFilter, ListSnapshot, NotificationList } from "./types.js";

const PAGE = 20;
const LARGEST_PAGE = 100;

export function createList(core: Core, key: string, filter: ListFilter): NotificationList {
  const { status = "all", category, limit = PAGE } = filter;
  let shown: Notification[] = [];
  const known = () => core._state._lists.get(key);
  const resource = createResource<ListSnapshot>(core, {
    _missing: () => !known(),
    _stale: () => known()?._stale,
    async _load(append) {
      const cursor = append && known()?._next;
      const size = append ? limit : Math.min(LARGEST_PAGE, Math.max(limit, walked(core._view, key, filter).length));
      const query = new URLSearchParams({
        status,
        limit: `${size}`,
        ...(category && { category }),
        ...(cursor && { cursor }),
      });
      const page = await core._send<Page>(`?${query}`);
      return () => {
        core._state = applyPage(core._state, page, key, filter, append);
        core._commit();
      };
    },
    _project() {
      const now = walked(core._view, key, filter);
      shown = shown.length === now.length ? same(shown, now) : now;
      return { notifications: shown, hasMore: !!known()?._next };
    },
  });
  return {
    ...resource,
    async fetchMore() {
      if (known()?._next) return resource._fetch(true);
    },
  };
}
