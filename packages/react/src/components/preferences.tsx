"use client";
/**
 * What reaches the user by which channel: one row a category, one column a channel, each switch saved at once.
 *
 * A channel that is off dims its column and keeps its choices. Not here: what a choice comes to (the server decides).
 */
import type { Channel } from "@grelot/client";
import { type ReactElement, useState } from "react";
import { useMessages } from "../i18n/use-messages.js";
import { part, ROOT } from "../lib/part.js";
import { usePreferences } from "../use-preferences.js";
import { Icon } from "./icon.js";
import { Failed, Loading } from "./waiting.js";

const CHANNELS: readonly Channel[] = ["inApp", "email"];

export function Preferences(): ReactElement {
  const messages = useMessages();
  const { preferences, isLoading, error, set, refetch } = usePreferences();
  const [note, say] = useState("");
  if (!preferences) {
    return (
      <div {...part("preferences", ROOT)} aria-busy={isLoading}>
        {error ? <Failed retry={refetch} /> : <Loading />}
      </div>
    );
  }

  let locks = false;
  const toggle = (
    label: string,
    category: string,
    channel: Channel,
    on: boolean,
    locked: boolean,
    off: boolean,
  ): ReactElement => (
    <td key={channel} data-off={off}>
      <button
        type="button"
        role="switch"
        {...part("preference")}
        data-category={category}
        data-channel={channel}
        aria-checked={on}
        aria-disabled={locked}
        aria-label={`${label}: ${messages.channels[channel]}`}
        title={locked ? messages.locked : undefined}
        onClick={() => {
          if (locked) return;
          say("");
          set(category || null, channel, !on).then(
            () => say(messages.saved),
            () => say(messages.refused),
          );
        }}
      >
        {locked && <Icon name="lock" />}
      </button>
    </td>
  );
  const { inApp, email, categories, effective } = preferences;
  const all = { inApp: { enabled: inApp, locked: false }, email: { enabled: email, locked: false } };
  const rows = [{ category: "", label: messages.everything, channels: all }, ...effective];

  return (
    <div {...part("preferences", ROOT)}>
      <table>
        <thead>
          <tr>
            <th>{messages.category}</th>
            {CHANNELS.map((channel) => (
              <th key={channel}>{messages.channels[channel]}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ category, label, channels }) => (
            <tr key={category}>
              <th>{label}</th>
              {CHANNELS.map((channel) => {
                const { enabled, locked } = channels[channel];
                locks ||= locked;
                const off = !!category && !preferences[channel] && !locked;
                const on = off ? (categories[category]?.[channel] ?? false) : enabled;
                return toggle(label, category, channel, on, locked, off);
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p {...part("note")}>
        {locks && (
          <span>
            <Icon name="lock" /> {messages.locked}
          </span>
        )}
        <span role="status">{note}</span>
      </p>
    </div>
  );
}
