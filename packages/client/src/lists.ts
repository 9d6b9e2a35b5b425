/**
 * A filtered list: which pages are fetched, and what it shows.
 *
 * Not here: where a notification belongs in it (`store/state.ts`), when it is fetched (`resource.ts`).
 */
import type { Page } from "./api/types.js";
import type { Core } from "./core.js";
import { createResource, type Resource } from "./resource.js";
import { applyAnswer, shows } from "./store/state.js";
import type { ListFilter, ListSnapshot, NotificationList } from "./types.js";

const PAGE = 20;
const LARGEST_PAGE = 100;
const EMPTY: ListSnapshot = {
  notifications: [],
  isLoading: true,
  isFetchingMore: false,
  error: null,
  hasMore: false,
};

export function createList(
  core: Core,
  key: string,
  filter: ListFilter,
): [handle: NotificationList, resource: Resource<ListSnapshot>] {
  const known = () => core.state.lists.get(key);

  const resource = createResource<ListSnapshot>(core, {
    empty: EMPTY,
    missing: () => !known(),
    stale: () => !!known()?.stale,
    async load(append) {
      const { status, category, limit = PAGE } = filter;
      const { ids, next } = known() ?? {};
      const query = new URLSearchParams({
        limit: `${append ? limit : Math.min(LARGEST_PAGE, Math.max(limit, ids?.length ?? 0))}`,
        ...(status && { status }),
        ...(category && { category }),
        ...(append && next && { cursor: next }),
      });
      const page = await core.http.json<Page>(`?${query}`);
      return () => {
        core.state = applyAnswer(core.state, page, { key, filter, page, append });
        core.commit();
      };
    },
    project(old, isFetchingMore) {
      const { ids = [], next } = known() ?? {};
      const all = ids.map(core.view.get).filter((n) => n && shows(filter, n)) as ListSnapshot["notifications"];
      const { notifications } = old;
      return {
        notifications:
          all.length === notifications.length && all.every((n, at) => n === notifications[at]) ? notifications : all,
        isFetchingMore,
        hasMore: !!next,
      };
    },
  });

  const handle: NotificationList = {
    ...resource.store,
    refetch: () => resource.fetch(false),
    fetchMore: async () => {
      if (known()?.next) return resource.fetch(true);
    },
  };
  return [handle, resource];
}
