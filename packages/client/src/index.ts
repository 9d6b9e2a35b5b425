/**
 * `@grelot/client`: the headless client of Grelot. This page is its whole public surface.
 *
 * Not here: what a host's server needs (`@grelot/client/server`), anything of a framework (`@grelot/react`).
 */
export type * from "./api/types.js";
export { createClient } from "./client.js";
export { preferencesOf } from "./preferences.js";
export type * from "./types.js";
