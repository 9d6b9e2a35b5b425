/** Instants in words: how long ago, on which day, exactly when. `Intl` speaks every language. */

const DAY = 24 * 60 * 60_000;
/** The coarsest that fits is told. */
const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", DAY],
  ["hour", DAY / 24],
  ["minute", 60_000],
];

export interface Times {
  /** "now", "5 min. ago", "yesterday", and a date after a week. */
  _ago(instant: string, now: number): string;
  /** "today", "yesterday", or a date. */
  _day(instant: string, now: number): string;
  _full(instant: string): string;
}

export function createTimes(locale: string): Times {
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "long" });
  const exact = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" });
  const midnight = (at: number): number => new Date(at).setHours(0, 0, 0, 0);
  return {
    _ago(instant, now) {
      const at = Date.parse(instant);
      // A clock that is behind the server's is no reason to speak of the future.
      const past = Math.max(0, now - at);
      if (past >= 7 * DAY) return date.format(at);
      const [unit, size] = UNITS.find(([, size]) => past >= size) ?? ["second", DAY];
      return relative.format(-Math.floor(past / size), unit);
    },
    _day(instant, now) {
      const at = Date.parse(instant);
      // Rounded: a day with a change of the clock has 23 or 25 hours.
      const days = Math.max(0, Math.round((midnight(now) - midnight(at)) / DAY));
      return days < 2 ? relative.format(-days, "day") : date.format(at);
    },
    _full: (instant) => exact.format(Date.parse(instant)),
  };
}
