"use client";
/** The texts in the language of the provider. Not imported by a hook: a page without components carries no texts. */
import { useShared } from "../provider.js";
import { en } from "./en.js";
import { fr } from "./fr.js";
import type { Messages } from "./messages.js";

export function useMessages(): Messages {
  const { locale, messages } = useShared();
  return { ...(/^fr\b/i.test(locale) ? fr : en), ...messages };
}
