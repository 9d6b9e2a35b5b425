/**
 * Something that is fetched while somebody looks at it, and again when it is known to be stale.
 *
 * Not here: what it is (`lists.ts`, `preferences.ts`).
 */
import { type Core, type Part, same } from "./core.js";
import { outcome } from "./errors.js";
import type { GrelotError, Store } from "./types.js";

interface Fetched {
  readonly isLoading: boolean;
  readonly error: GrelotError | null;
}

interface Plan<T> {
  /** Nothing of it is known. */
  _missing(): boolean;
  _stale(): boolean | undefined;
  /** Asks, and returns how the answer is applied; it is not if another fetch began meanwhile. */
  _load(more: boolean): Promise<() => void>;
  _project(): Omit<T, keyof Fetched> & Partial<Fetched>;
}

export interface Resource<T> extends Part, Store<T> {
  readonly refetch: () => Promise<void>;
  /** Waits for what is on its way if it asks for `more`, else it takes its place. */
  readonly _fetch: (more?: boolean) => Promise<void>;
}

export function createResource<T extends Fetched>(core: Core, plan: Plan<T>): Resource<T> {
  let watchers = 0;
  let generation = 0;
  let fetching: Promise<void> | undefined;
  let error: GrelotError | null = null;

  const current = (): T => {
    const isLoading = plan._missing() && (!!fetching || !error);
    return { isLoading, error, ...plan._project() } as T;
  };
  const initial = current();
  let snapshot = initial;

  const run = async (more: boolean): Promise<void> => {
    const mine = ++generation;
    const { value: apply, error: failed } = await outcome(plan._load(more));
    if (mine !== generation) return;
    // The cursor is no longer good: the walk begins anew.
    if (more && failed?.status === 400) return fetch();
    error = failed ?? null;
    fetching = undefined;
    apply?.();
    core._show();
  };

  const fetch = (more = false): Promise<void> => {
    if (!fetching || !more) {
      fetching = run(more);
      core._show();
    }
    return fetching;
  };

  const resource: Resource<T> = {
    subscribe(listener) {
      const end = core.subscribe(listener);
      watchers++;
      resource._check(true);
      return () => {
        watchers--;
        end();
      };
    },
    getSnapshot() {
      snapshot = same(snapshot, current());
      return snapshot;
    },
    getServerSnapshot: () => initial,
    refetch: () => fetch(),
    _fetch: fetch,
    _check(retry) {
      if (watchers && !fetching && (plan._missing() || plan._stale()) && (!error || retry)) fetch();
    },
    _clear() {
      generation++;
      fetching = undefined;
      error = null;
    },
  };
  core._parts.push(resource);
  return resource;
}
