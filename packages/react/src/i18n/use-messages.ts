"use client";
/** The texts: the provider's, and English where it gives none. Not imported by a hook: a page without components carries none. */
import { useShared } from "../provider.js";
import { en } from "./en.js";
import type { Messages } from "./messages.js";

export function useMessages(): Messages {
  return { ...en, ...useShared()._messages };
}
