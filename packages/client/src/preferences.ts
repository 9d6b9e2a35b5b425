/**
 * The user's preferences: loaded when somebody looks, saved by the same helper as every action, shown before they are.
 *
 * Not here, and not in a page that does not ask for it: the rest of the client.
 */
import type { Preferences, PreferencesUpdate } from "./api/types.js";
import { type Core, type Insides, quiet } from "./core.js";
import { outcome } from "./errors.js";
import { createResource } from "./resource.js";
import type { GrelotClient, GrelotError, PreferencesSnapshot, PreferencesStore } from "./types.js";

/** The preferences of a client's user: the same store for the same client. */
export function preferencesOf(client: GrelotClient): PreferencesStore {
  const { _core: core } = client as Insides;
  core.preferences ??= createPreferences(core);
  return core.preferences;
}

function createPreferences(core: Core): PreferencesStore {
  let known: Preferences | null = null;
  let stale = false;
  /** Why the last change was refused. */
  let failed: GrelotError | undefined;
  let saving: readonly PreferencesUpdate[] = [];
  /** What is known, with what is being saved. */
  let shown: Preferences | null = null;

  const change = (
    preferences: Preferences | null,
    waiting: readonly PreferencesUpdate[],
    error?: GrelotError,
  ): void => {
    known = preferences;
    saving = waiting;
    shown = known && saving.reduce(choose, known);
    failed = error;
  };

  const resource = createResource<PreferencesSnapshot>(core, {
    _missing: () => !known,
    _stale: () => stale,
    async _load() {
      const preferences = await core._send<Preferences>("/preferences");
      return () => {
        stale = false;
        change(preferences, saving);
      };
    },
    _project: () => ({ preferences: shown, isSaving: saving.length > 0, ...(failed && { error: failed }) }),
  });
  core._parts.push({
    _check() {},
    _clear() {
      change(null, []);
    },
  });
  core._eventHandlers.add(({ event }) => {
    if (event === "preferences.updated" || event === "reset") stale = true;
  });

  const update = async (update: PreferencesUpdate): Promise<void> => {
    change(known, [...saving, update]);
    const { done } = core._run({ request: ["PUT", "/preferences", update], data: {} });
    const { value, error } = await outcome(done);
    // What it answers is what there is now.
    const preferences = error ? known : (value as unknown as Preferences);
    change(
      preferences,
      saving.filter((each) => each !== update),
      error,
    );
    core._show();
    return done;
  };

  const set: PreferencesStore["set"] = async (category, channel, enabled) => {
    if (category === null) return update({ [channel]: enabled });
    if (!known) await resource._fetch();
    const categories = shown?.categories;
    return update({ categories: { ...categories, [category]: { ...categories?.[category], [channel]: enabled } } });
  };

  return {
    ...resource,
    update: (change) => quiet(update(change)),
    set: (...args) => quiet(set(...args)),
  };
}

/** As near to the server's decision as can be told from here; its answer replaces it. */
function choose(prefs: Preferences, update: PreferencesUpdate): Preferences {
  const next = { ...prefs, ...update };
  const effective = prefs.effective.map((row) => {
    const channels = { ...row.channels };
    for (const channel of ["inApp", "email"] as const) {
      const { enabled: was, locked } = channels[channel];
      const chosen = next.categories[row.category]?.[channel] ?? (was || !prefs[channel]);
      channels[channel] = { ...channels[channel], enabled: locked || (next[channel] && chosen) };
    }
    return { ...row, channels };
  });
  return { ...next, effective };
}
