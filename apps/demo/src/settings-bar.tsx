/** Language, theme and direction. */
import type { ReactElement } from "react";
import { TEXTS, type Texts } from "./texts";
import type { Settings } from "./use-settings";

interface Props {
  readonly texts: Texts;
  readonly settings: Settings;
  readonly change: (change: Partial<Settings>) => void;
}

export function SettingsBar({ texts, settings, change }: Props): ReactElement {
  const { language, theme, direction } = settings;
  return (
    <div className="settings">
      <label>
        {texts.language}{" "}
        <select
          data-demo="language"
          value={language}
          onChange={({ target }) => change({ language: target.value as Settings["language"] })}
        >
          {Object.keys(TEXTS).map((tag) => (
            <option key={tag} value={tag}>
              {new Intl.DisplayNames(tag, { type: "language" }).of(tag)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {texts.theme}{" "}
        <select
          data-demo="theme"
          value={theme}
          onChange={({ target }) => change({ theme: target.value as Settings["theme"] })}
        >
          {Object.entries(texts.themes).map(([name, label]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <label>
        <input
          type="checkbox"
          data-demo="rtl"
          checked={direction === "rtl"}
          onChange={({ target }) => change({ direction: target.checked ? "rtl" : "ltr" })}
        />{" "}
        {texts.direction}
      </label>
    </div>
  );
}
