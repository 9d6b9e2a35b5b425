/**
 * Something that is fetched while somebody looks at it, and again when it is known to be stale.
 *
 * Not here: what it is (`lists.ts`, `preferences.ts`).
 */
import { type Core, same } from "./core.js";
import { asFailure } from "./errors.js";
import type { GrelotError, Store } from "./types.js";

interface Fetched {
  readonly isLoading: boolean;
  readonly error: GrelotError | null;
}

interface Plan<T> {
  readonly empty: T;
  /** Nothing of it is known, or not enough. */
  readonly missing: () => boolean;
  readonly stale: () => boolean;
  /** Asks, and returns how the answer is applied; it is not if another fetch began meanwhile. */
  readonly load: (more: boolean) => Promise<() => void>;
  readonly project: (old: T, fetchingMore: boolean) => Omit<T, keyof Fetched>;
}

/** What the client does with it, beside handing it out. */
export interface Resource<T> {
  readonly store: Store<T>;
  /** Fetches it if somebody is looking and it has to be; after a failure only with `retry`. */
  check(retry?: boolean): void;
  fetch(more: boolean): Promise<void>;
  /** An action on it has failed, or worked. */
  fail(error: GrelotError | null): void;
  /** Another user: what is on its way is not for this one any more. */
  clear(): void;
}

export function createResource<T extends Fetched>(core: Core, plan: Plan<T>): Resource<T> {
  let watchers = 0;
  let generation = 0;
  let fetching: Promise<void> | undefined;
  let fetchingMore: Promise<void> | undefined;
  let error: GrelotError | null = null;
  let snapshot = plan.empty;

  const run = async (more: boolean): Promise<void> => {
    const mine = more ? generation : ++generation;
    let apply: (() => void) | undefined;
    let failed: GrelotError | null = null;
    try {
      apply = await plan.load(more);
    } catch (thrown) {
      failed = asFailure(thrown);
    }
    if (mine !== generation) return;
    error = failed;
    fetchingMore = undefined;
    if (!more) fetching = undefined;
    // The cursor is no longer good: the walk begins anew.
    if (more && failed?.status === 400) return fetch(false);
    apply?.();
    core.notify();
  };

  const fetch = (more: boolean): Promise<void> => {
    if (more) fetchingMore ??= fetching ?? run(true);
    else {
      fetchingMore = undefined;
      fetching = run(false);
    }
    core.notify();
    return (more && fetchingMore) || (fetching as Promise<void>);
  };

  const check = (retry?: boolean): void => {
    if (watchers && !fetching && (plan.missing() || plan.stale()) && (!error || retry)) fetch(false);
  };

  return {
    store: {
      subscribe(listener) {
        const end = core.subscribe(listener);
        watchers++;
        check(true);
        return () => {
          watchers--;
          end();
        };
      },
      getSnapshot() {
        const isLoading = plan.missing() && (!!fetching || !error);
        snapshot = same(snapshot, { ...plan.project(snapshot, !!fetchingMore), isLoading, error } as T);
        return snapshot;
      },
      getServerSnapshot: () => plan.empty,
    },
    check,
    fetch,
    fail(failed) {
      error = failed;
      core.notify();
    },
    clear() {
      generation++;
      fetching = fetchingMore = undefined;
      error = null;
    },
  };
}
