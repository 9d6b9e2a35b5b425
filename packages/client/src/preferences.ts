/**
 * The user's preferences: loaded when somebody looks, saved by the same helper as every action, shown before they are.
 *
 * Not here, and not in a page that does not ask for it: the rest of the client.
 */
import type { Channel, EffectiveChannel, Preferences, PreferencesUpdate } from "./api/types.js";
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
  let known = null as Preferences | null;
  let stale = false;
  /** Why the last change was refused. */
  let failed: GrelotError | undefined;
  let saving: readonly PreferencesUpdate[] = [];
  /** What is shown, and of what. */
  let shown: [of: Preferences | null, saving: typeof saving, preferences: Preferences | null] = [known, saving, null];

  const learn = (preferences: unknown): void => {
    known = preferences as Preferences;
    stale = false;
    failed = undefined;
  };
  const current = (): Preferences | null => {
    if (shown[0] !== known || shown[1] !== saving) shown = [known, saving, known && saving.reduce(choose, known)];
    return shown[2];
  };

  const resource = createResource<PreferencesSnapshot>(core, {
    _missing: () => !known,
    _stale: () => stale,
    async _load() {
      const preferences = await core._http._send<Preferences>("/preferences");
      return () => learn(preferences);
    },
    _project: () => ({ preferences: current(), isSaving: saving.length > 0, ...(failed && { error: failed }) }),
  });
  core._parts.push({
    _check() {},
    _clear() {
      known = null;
      saving = [];
    },
  });
  core._eventHandlers.add(({ event }) => {
    if (event === "preferences.updated" || event === "reset") stale = true;
  });

  const update = async (update: PreferencesUpdate): Promise<void> => {
    saving = [...saving, update];
    const { done } = core._run({ request: ["PUT", "/preferences", update], data: {} });
    const { value, error } = await outcome(done);
    if (!error) learn(value);
    failed = error;
    saving = saving.filter((each) => each !== update);
    core._show();
    return done;
  };

  const set: PreferencesStore["set"] = async (category, channel, enabled) => {
    if (category === null) return update({ [channel]: enabled });
    if (!known) await resource._fetch();
    const categories = current()?.categories;
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
  const decide = (category: string, channel: Channel, now: EffectiveChannel): EffectiveChannel => ({
    ...now,
    enabled:
      now.locked || (next[channel] && (next.categories[category]?.[channel] ?? (now.enabled || !prefs[channel]))),
  });
  return {
    ...next,
    effective: prefs.effective.map((row) => ({
      ...row,
      channels: {
        inApp: decide(row.category, "inApp", row.channels.inApp),
        email: decide(row.category, "email", row.channels.email),
      },
    })),
  };
}
