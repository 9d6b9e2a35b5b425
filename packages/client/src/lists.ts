/**
 * A filtered list: which pages are fetched, and what it shows.
 *
 * Not here: where a notification belongs in it (`store/state.ts`), when it is fetched (`resource.ts`).
 */
import type { Page } from "./api/types.js";
import type { Core } from "./core.js";
import { createResource } from "./resource.js";
import { applyAnswer, shows, walked } from "./store/state.js";
import type { ListFilter, ListSnapshot, NotificationList } from "./types.js";

const PAGE = 20;
const LARGEST_PAGE = 100;
/** How often a page is asked for that events overtake on its way; the last one is taken, and fetched again later. */
const TRIES = 5;

export function createList(core: Core, key: string, filter: ListFilter): NotificationList {
  const { status = "all", category, limit = PAGE } = filter;
  const known = () => core.state.lists.get(key);
  const { subscribe, getSnapshot, getServerSnapshot, fetch } = createResource<ListSnapshot>(core, {
    empty: { notifications: [], isLoading: true, error: null, hasMore: false },
    missing: () => !known(),
    stale: () => known()?.stale,
    async load(append) {
      const next = append && known()?.next;
      const size = append ? limit : Math.min(LARGEST_PAGE, Math.max(limit, walked(core.state, key).length));
      const query = new URLSearchParams({ status, limit: `${size}` });
      if (category) query.set("category", category);
      if (next) query.set("cursor", next);
      let page: Page;
      let tries = TRIES;
      do page = await core.http.json(`?${query}`);
      while (page.seq < core.state.seq && --tries);
      return () => {
        core.state = applyAnswer(core.state, page, page, key, filter, append);
        core.commit();
      };
    },
    project({ notifications: old }) {
      const now = walked(core.state, key)
        .map(core.view.get)
        .filter((n) => n && shows(filter, n)) as ListSnapshot["notifications"];
      const equal = old.length === now.length && old.every((n, at) => n === now[at]);
      return { notifications: equal ? old : now, hasMore: !!known()?.next };
    },
  });
  return {
    subscribe,
    getSnapshot,
    getServerSnapshot,
    refetch: () => fetch(),
    fetchMore: async () => {
      if (known()?.next) return fetch(true);
    },
  };
}
