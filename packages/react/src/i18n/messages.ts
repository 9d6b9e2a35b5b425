/** The texts of the components. Times, days and numbers are not among them: `Intl` knows those. */
import type { Channel, ConnectionState, NotificationType, Preferences } from "@grelot/client";

export interface Messages {
  /** The language, as a BCP 47 tag: of times and numbers too, if the provider names no other. */
  readonly locale: string;
  readonly title: string;
  /** The bell's name. */
  readonly bell: (unread: number) => string;
  readonly all: string;
  readonly unread: string;
  /** Over those that were read, where they begin anew. */
  readonly read: string;
  readonly allCategories: string;
  readonly markAllAsRead: string;
  readonly markAsRead: string;
  readonly markAsUnread: string;
  readonly remove: string;
  readonly removed: string;
  readonly undo: string;
  readonly loadMore: string;
  /** The pill over a list that is scrolled. */
  readonly fresh: (count: number) => string;
  readonly empty: string;
  readonly failed: string;
  readonly retry: string;
  /** An action was refused. */
  readonly refused: string;
  readonly close: string;
  readonly keys: string;
  /** Keys and what they do, as `?` shows them. */
  readonly keyHelp: readonly (readonly [key: string, meaning: string])[];
  readonly states: Readonly<Record<ConnectionState, string>>;
  readonly types: Readonly<Record<NotificationType, string>>;
  /** Where the toasts are. */
  readonly toasts: string;
  /** One toast for many. */
  readonly summary: (count: number) => string;
  /** Said to a screen reader. */
  readonly announce: (title: string) => string;
  readonly preferences: string;
  readonly back: string;
  readonly category: string;
  readonly channels: Readonly<Record<Channel, string>>;
  /** The row of the channels' own switches. */
  readonly everything: string;
  readonly quietHours: string;
  /** Of the quiet hours. */
  readonly start: string;
  readonly end: string;
  readonly digest: string;
  /** How often; the hour of a daily one follows. */
  readonly digests: Readonly<Record<Preferences["emailDigest"], string>>;
  /** What quiet hours and digests are about, and by the clocks of which time zone. */
  readonly waits: (timeZone: string) => string;
  readonly saved: string;
  /** Why a switch cannot be moved. */
  readonly locked: string;
}
