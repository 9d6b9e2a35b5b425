"use client";
/**
 * What reaches the user by which channel: one row a category, one column a channel, each switch saved at once. Under it, when
 * email waits, and how often it comes together.
 *
 * A channel that is off dims its column and keeps its choices. Not here: what a choice comes to (the server decides).
 */
import type { Channel, Preferences as Known } from "@grelot/client";
import { type ReactElement, useId, useRef, useState } from "react";
import { useMessages } from "../i18n/use-messages.js";
import { part, ROOT } from "../lib/part.js";
import { useShared } from "../provider.js";
import { usePreferences } from "../use-preferences.js";
import { Button } from "./button.js";
import { Icon, LOCK } from "./icon.js";
import { Failed, Loading } from "./waiting.js";

const CHANNELS: readonly Channel[] = ["inApp", "email"];
/** Of a day, to be told in the reader's way. */
const HOURS = Array.from({ length: 24 }, (_, hour) => new Date(2e3, 0, 1, hour));

export function Preferences(): ReactElement {
  const messages = useMessages();
  const { _locale: locale } = useShared();
  const { preferences, error, set, update, refetch } = usePreferences();
  const [note, say] = useState("");
  const why = useId();
  /** As they were, for whoever switches them on again. */
  const quiet = useRef<Known["quietHours"]>({ start: "22:00", end: "07:00" });
  if (!preferences) {
    return <div {...part("preferences", ROOT)}>{error ? <Failed retry={refetch} /> : <Loading />}</div>;
  }

  const { quietHours, emailDigest, emailDigestHour } = preferences;
  if (quietHours) quiet.current = quietHours;
  const save = (saving: Promise<void>): void => {
    say("");
    saving.then(
      () => say(messages.saved),
      () => say(messages.refused),
    );
  };

  let locks = false;
  /** Of a category, or (without one) of the channels themselves. */
  const row = (label: string, category?: string, channels?: Known["effective"][0]["channels"]): ReactElement => (
    <tr key={category}>
      <th>{label}</th>
      {CHANNELS.map((channel) => {
        const locked = !!channels?.[channel].locked;
        locks ||= locked;
        const off = !!category && !preferences[channel] && !locked;
        const on = off
          ? !!preferences.categories[category]?.[channel]
          : (channels?.[channel].enabled ?? preferences[channel]);
        return (
          <td key={channel} data-off={off}>
            <Button
              _name="preference"
              role="switch"
              data-category={category ?? ""}
              data-channel={channel}
              aria-checked={on}
              aria-disabled={locked}
              aria-label={`${label}: ${messages.channels[channel]}`}
              aria-describedby={locked ? why : undefined}
              onClick={() => locked || save(set(category ?? null, channel, !on))}
            >
              {locked && <Icon d={LOCK} />}
            </Button>
          </td>
        );
      })}
    </tr>
  );
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
          {row(messages.everything)}
          {preferences.effective.map(({ category, channels, label }) => row(label, category, channels))}
        </tbody>
      </table>
      {/* biome-ignore lint/a11y/noLabelWithoutControl: the button is one */}
      <label>
        {messages.quietHours}
        <Button
          _name="quiet-hours"
          role="switch"
          aria-checked={!!quietHours}
          onClick={() => save(update({ quietHours: quietHours ? null : quiet.current }))}
        />
      </label>
      {quietHours &&
        (["start", "end"] as const).map((edge) => {
          const was = quietHours[edge];
          return (
            <label key={edge + was}>
              {messages[edge]}
              <input
                type="time"
                data-part={`quiet-${edge}`}
                defaultValue={was}
                // Not before it is left: on the way there it may be a time that nobody meant.
                onBlur={({ target }) => {
                  target.value ||= was;
                  if (target.value !== was) save(update({ quietHours: { ...quietHours, [edge]: target.value } }));
                }}
              />
            </label>
          );
        })}
      <label>
        {messages.digest}
        <select
          data-part="digest"
          value={emailDigest === "daily" ? emailDigestHour : emailDigest}
          onChange={({ target: { value } }) =>
            save(
              update(
                +value >= 0
                  ? { emailDigest: "daily", emailDigestHour: +value }
                  : { emailDigest: value as Known["emailDigest"] },
              ),
            )
          }
        >
          <option value="off">{messages.digests.off}</option>
          <option value="hourly">{messages.digests.hourly}</option>
          {HOURS.map((at, hour) => (
            <option key={+at} value={hour}>
              {messages.digests.daily}, {at.toLocaleTimeString(locale, { timeStyle: "short" })}
            </option>
          ))}
        </select>
      </label>
      <p {...part("note")}>{messages.waits(preferences.timezone)}</p>
      <p {...part("note")}>
        {locks && (
          <span id={why}>
            <Icon d={LOCK} /> {messages.locked}
          </span>
        )}
        <span role="status">{note}</span>
      </p>
    </div>
  );
}
