/**
 * The user's preferences: loaded when somebody looks, saved by the same helper as every action.
 *
 * Not here: what a choice comes to before the server answers (`store/ops.ts`).
 */
import type { Preferences, PreferencesUpdate } from "./api/types.js";
import { asFailure } from "./errors.js";
import { same } from "./lists.js";
import type { Op, View } from "./store/ops.js";
import type { State } from "./store/state.js";
import type { Http } from "./transport/http.js";
import type { GrelotError, PreferencesSnapshot, PreferencesStore } from "./types.js";

const EMPTY: PreferencesSnapshot = { preferences: null, isLoading: true, isSaving: false, error: null };

export interface PreferencesOwner {
  readonly http: Http;
  state(): State;
  view(): View;
  ops(): readonly Op[];
  run(op: Op): Promise<void>;
  loaded(preferences: Preferences): void;
  notify(): void;
  subscribe(listener: () => void): () => void;
}

export interface PreferencesRoom {
  readonly handle: PreferencesStore;
  check(retry: boolean): void;
  clear(): void;
}

export function createPreferences(owner: PreferencesOwner): PreferencesRoom {
  let watchers = 0;
  let generation = 0;
  let fetching: Promise<void> | undefined;
  let error: GrelotError | null = null;
  let snapshot = EMPTY;

  const load = async (): Promise<void> => {
    const mine = ++generation;
    try {
      const preferences = await owner.http.json<Preferences>("/preferences");
      if (mine !== generation) return;
      error = null;
      fetching = undefined;
      owner.loaded(preferences);
    } catch (thrown) {
      if (mine !== generation) return;
      error = asFailure(thrown);
      fetching = undefined;
    }
    owner.notify();
  };

  const refetch = (): Promise<void> => {
    fetching = load();
    return fetching;
  };

  const update = async (update: PreferencesUpdate): Promise<void> => {
    try {
      await owner.run({ kind: "prefs", update });
      error = null;
    } catch (thrown) {
      error = asFailure(thrown);
      throw thrown;
    } finally {
      owner.notify();
    }
  };

  const set: PreferencesStore["set"] = async (category, channel, enabled) => {
    if (category === null) return update({ [channel]: enabled });
    if (!owner.view().prefs) await refetch();
    const categories = owner.view().prefs?.categories;
    return update({ categories: { ...categories, [category]: { ...categories?.[category], [channel]: enabled } } });
  };

  /** The failure is in the snapshot: a caller that does not look must not make the page report it. */
  const shown = (done: Promise<void>): Promise<void> => {
    done.catch(() => {});
    return done;
  };

  const check = (retry: boolean): void => {
    const { prefs, prefsStale } = owner.state();
    if (watchers && !fetching && (!prefs || prefsStale) && (!error || retry)) void refetch();
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
        const { prefs } = owner.view();
        const isSaving = owner.ops().some(({ kind }) => kind === "prefs");
        snapshot = same(snapshot, { preferences: prefs, isLoading: !prefs && (!!fetching || !error), isSaving, error });
        return snapshot;
      },
      getServerSnapshot: () => EMPTY,
      refetch,
      update: (change) => shown(update(change)),
      set: (...args) => shown(set(...args)),
    },
    check,
    clear() {
      generation++;
      fetching = undefined;
      error = null;
    },
  };
}
