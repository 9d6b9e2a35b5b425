/** Language, theme and direction: kept over a reload, and set on the document, from where the styles take them. */
import { useEffect, useState } from "react";

export interface Settings {
  readonly language: "en" | "fr";
  readonly theme: "auto" | "light" | "dark";
  readonly direction: "ltr" | "rtl";
}

const KEY = "grelot-demo";

function stored(): Settings {
  const language = navigator.language.startsWith("fr") ? "fr" : "en";
  const defaults: Settings = { language, theme: "auto", direction: "ltr" };
  try {
    return { ...defaults, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return defaults; // storage is closed to this page, or holds something else
  }
}

export function useSettings(): [Settings, (change: Partial<Settings>) => void] {
  const [settings, set] = useState(stored);
  useEffect(() => {
    const { documentElement: root } = document;
    root.lang = settings.language;
    root.dir = settings.direction;
    root.dataset["theme"] = settings.theme;
    try {
      localStorage.setItem(KEY, JSON.stringify(settings));
    } catch {
      // it is for this visit then
    }
  }, [settings]);
  return [settings, (change) => set((now) => ({ ...now, ...change }))];
}
