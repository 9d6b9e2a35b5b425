/**
 * The user's preferences: loaded when somebody looks, saved by the same helper as every action.
 *
 * Not here: what a choice comes to before the server answers (`store/ops.ts`).
 */
import type { Preferences, PreferencesUpdate } from "./api/types.js";
import { type Core, quiet } from "./core.js";
import { createResource, type Resource } from "./resource.js";
import type { PreferencesSnapshot, PreferencesStore } from "./types.js";

const EMPTY: PreferencesSnapshot = { preferences: null, isLoading: true, isSaving: false, error: null };

export function createPreferences(core: Core): [handle: PreferencesStore, resource: Resource<PreferencesSnapshot>] {
  const resource = createResource<PreferencesSnapshot>(core, {
    empty: EMPTY,
    missing: () => !core.state.prefs,
    stale: () => core.state.prefsStale,
    async load() {
      const prefs = await core.http.json<Preferences>("/preferences");
      return () => {
        core.state = { ...core.state, prefs, prefsStale: false };
        core.commit();
      };
    },
    project: () => ({
      preferences: core.view.prefs,
      isSaving: core.ops().some(({ kind }) => kind === "prefs"),
    }),
  });
  const refetch = (): Promise<void> => resource.fetch(false);

  const update = async (update: PreferencesUpdate): Promise<void> => {
    const { done } = core.run({ kind: "prefs", update });
    await done.then(() => resource.fail(null), resource.fail);
    return done;
  };

  const set: PreferencesStore["set"] = async (category, channel, enabled) => {
    if (category === null) return update({ [channel]: enabled });
    if (!core.view.prefs) await refetch();
    const categories = core.view.prefs?.categories;
    return update({ categories: { ...categories, [category]: { ...categories?.[category], [channel]: enabled } } });
  };

  const handle: PreferencesStore = {
    ...resource.store,
    refetch,
    update: (change) => quiet(update(change)),
    set: (...args) => quiet(set(...args)),
  };
  return [handle, resource];
}
