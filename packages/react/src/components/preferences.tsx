"use client";
/**
 * What reaches the user by which channel: one row a category, one column a channel, each switch saved at once.
 *
 * A channel that is off dims its column and keeps its choices. Not here: what a choice comes to (the server decides).
 */
import type { Channel } from "@grelot/client";
import { type ReactElement, useId, useState } from "react";
import { useMessages } from "../i18n/use-messages.js";
import { usePreferences } from "../use-preferences.js";
import { Icon } from "./icon.js";
import { Failed, Loading } from "./waiting.js";

const CHANNELS: readonly Channel[] = ["inApp", "email"];

export function Preferences(): ReactElement {
  const messages = useMessages();
  const { preferences, isLoading, error, set, refetch } = usePreferences();
  const [note, say] = useState("");
  const id = useId();
  if (!preferences) {
    return (
      <div className="grelot-preferences" data-part="preferences" aria-busy={isLoading}>
        {error ? <Failed retry={refetch} /> : <Loading />}
      </div>
    );
  }

  const toggle = (category: string, channel: Channel, on: boolean, locked = false, off = false): ReactElement => (
    <td key={channel} data-off={off}>
      <button
        type="button"
        role="switch"
        className="grelot-switch"
        data-part="preference"
        data-category={category}
        data-channel={channel}
        aria-checked={on}
        aria-disabled={locked}
        aria-labelledby={`${id}${category} ${id}.${channel}`}
        aria-describedby={locked ? `${id}.why` : undefined}
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
  const locks = preferences.effective.some(({ channels }) => CHANNELS.some((channel) => channels[channel].locked));

  return (
    <div className="grelot-preferences" data-part="preferences">
      <table>
        <thead>
          <tr>
            <th scope="col">{messages.category}</th>
            {CHANNELS.map((channel) => (
              <th key={channel} scope="col" id={`${id}.${channel}`}>
                {messages.channels[channel]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row" id={id}>
              {messages.everything}
            </th>
            {CHANNELS.map((channel) => toggle("", channel, preferences[channel]))}
          </tr>
          {preferences.effective.map(({ category, label, channels }) => (
            <tr key={category}>
              <th scope="row" id={id + category}>
                {label}
              </th>
              {CHANNELS.map((channel) => {
                const { enabled, locked } = channels[channel];
                const off = !preferences[channel] && !locked;
                const on = off ? (preferences.categories[category]?.[channel] ?? false) : enabled;
                return toggle(category, channel, on, locked, off);
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="grelot-note">
        {locks && (
          <span id={`${id}.why`}>
            <Icon name="lock" /> {messages.locked}
          </span>
        )}
        <span role="status">{note}</span>
      </p>
    </div>
  );
}
