"use client";
/**
 * What reaches the user by which channel: one row a category, one column a channel, each switch saved at once.
 *
 * A channel that is off dims its column and keeps its choices. Not here: what a choice comes to (the server decides).
 */
import type { Channel, EffectiveCategory } from "@grelot/client";
import { type ReactElement, useState } from "react";
import { useMessages } from "../i18n/use-messages.js";
import { part, ROOT } from "../lib/part.js";
import { usePreferences } from "../use-preferences.js";
import { Icon } from "./icon.js";
import { Failed, Loading } from "./waiting.js";

const CHANNELS: readonly Channel[] = ["inApp", "email"];

export function Preferences(): ReactElement {
  const messages = useMessages();
  const { preferences, error, set, refetch } = usePreferences();
  const [note, say] = useState("");
  if (!preferences) {
    return <div {...part("preferences", ROOT)}>{error ? <Failed retry={refetch} /> : <Loading />}</div>;
  }

  let locks = false;
  /** Of a category, or (without one) of the channel itself. */
  const toggle = (channel: Channel, label: string, row?: EffectiveCategory): ReactElement => {
    const category = row?.category ?? null;
    const locked = !!row?.channels[channel].locked;
    locks ||= locked;
    const off = !!row && !preferences[channel] && !locked;
    const choice = row && (off ? preferences.categories[row.category]?.[channel] : row.channels[channel].enabled);
    const on = row ? !!choice : preferences[channel];
    return (
      <td key={channel} data-off={off}>
        <button
          type="button"
          role="switch"
          {...part("preference")}
          data-category={category ?? ""}
          data-channel={channel}
          aria-checked={on}
          aria-disabled={locked}
          aria-label={`${label}: ${messages.channels[channel]}`}
          title={locked ? messages.locked : undefined}
          onClick={() => {
            if (locked) return;
            say("");
            set(category, channel, !on).then(
              () => say(messages.saved),
              () => say(messages.refused),
            );
          }}
        >
          {locked && <Icon name="lock" />}
        </button>
      </td>
    );
  };
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
          <tr>
            <th>{messages.everything}</th>
            {CHANNELS.map((channel) => toggle(channel, messages.everything))}
          </tr>
          {preferences.effective.map((row) => (
            <tr key={row.category}>
              <th>{row.label}</th>
              {CHANNELS.map((channel) => toggle(channel, row.label, row))}
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
