/**
 * Something that is fetched while somebody looks at it, and again when it is known to be stale.
 *
 * Not here: what it is (`lists.ts`, `preferences.ts`).
 */
import { type Core, type Part, same } from "./core.js";
import { asFailure } from "./errors.js";
import type { GrelotError, Store } from "./types.js";

interface Fetched {
  readonly isLoading: boolean;
  readonly error: GrelotError | null;
}

interface Plan<T> {
  readonly empty: T;
  /** Nothing of it is known. */
  missing(): boolean;
  stale(): boolean | undefined;
  /** Asks, and returns how the answer is applied; it is not if another fetch began meanwhile. */
  load(more: boolean): Promise<() => void>;
  project(old: T): Omit<T, keyof Fetched>;
}

export interface Resource<T> extends Part, Store<T> {
  readonly refetch: () => Promise<void>;
  /** Waits for what is on its way if it asks for `more`, else it takes its place. */
  readonly fetch: (more?: boolean) => Promise<void>;
  /** An action on it has failed, or worked. */
  fail(error: GrelotError | null): void;
}

export function createResource<T extends Fetched>(core: Core, plan: Plan<T>): Resource<T> {
  let watchers = 0;
  let generation = 0;
  let fetching: Promise<void> | undefined;
  let error: GrelotError | null = null;
  let snapshot = plan.empty;

  const run = async (more: boolean): Promise<void> => {
    const mine = ++generation;
    let apply: (() => void) | undefined;
    let failed: GrelotError | null = null;
    try {
      apply = await plan.load(more);
    } catch (thrown) {
      failed = asFailure(thrown);
    }
    if (mine !== generation) return;
    // The cursor is no longer good: the walk begins anew.
    if (more && failed?.status === 400) return fetch();
    error = failed;
    fetching = undefined;
    apply?.();
    core.notify();
  };

  const fetch = (more = false): Promise<void> => {
    if (!fetching || !more) {
      fetching = run(more);
      core.notify();
    }
    return fetching;
  };

  const resource: Resource<T> = {
    subscribe(listener) {
      const end = core.subscribe(listener);
      watchers++;
      resource.check(true);
      return () => {
        watchers--;
        end();
      };
    },
    getSnapshot() {
      const isLoading = plan.missing() && (!!fetching || !error);
      snapshot = same(snapshot, { ...plan.project(snapshot), isLoading, error } as T);
      return snapshot;
    },
    getServerSnapshot: () => plan.empty,
    refetch: () => fetch(),
    fetch,
    check(retry) {
      if (watchers && !fetching && (plan.missing() || plan.stale()) && (!error || retry)) fetch();
    },
    fail(failed) {
      error = failed;
      core.notify();
    },
    clear() {
      generation++;
      fetching = undefined;
      error = null;
    },
  };
  core.parts.push(resource);
  return resource;
}
