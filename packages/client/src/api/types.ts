/**
 * The wire types of Grelot's HTTP API, as the contract states them.
 *
 * Written by hand; `schema.gen.ts`, generated from the OpenAPI document, is checked against them by a test.
 * Not here: what the client adds (`../types.ts`).
 */

/** What kind of message a notification is. */
export type NotificationType = "INFO" | "SUCCESS" | "WARNING" | "ERROR";

/** A notification, as every route and event shows it. */
export interface Notification {
  readonly id: string;
  readonly userId: string;
  /** The change of the inbox that created it: newest means highest. */
  readonly seq: number;
  readonly type: NotificationType;
  readonly category: string | null;
  readonly title: string;
  readonly body: string | null;
  readonly link: string | null;
  readonly data: Readonly<Record<string, unknown>> | null;
  /** RFC 3339, or null while unread. */
  readonly readAt: string | null;
  /** RFC 3339. */
  readonly createdAt: string;
}

/** `GET /api/notifications` */
export interface Page {
  readonly notifications: readonly Notification[];
  readonly nextCursor: string | null;
  readonly unreadCount: number;
  readonly seq: number;
}

/** `GET /api/notifications/unread-count` */
export interface UnreadCount {
  readonly unreadCount: number;
  readonly seq: number;
}

/** `POST /api/notifications/:id/read` and `.../unread` */
export interface NotificationChanged extends UnreadCount {
  readonly notification: Notification;
}

/** `POST /api/notifications/read-all` */
export interface AllRead extends UnreadCount {
  readonly updated: number;
}

/** `GET /api/notifications/changes` */
export interface Changes {
  readonly events: readonly ServerEvent[];
  readonly seq: number;
  readonly more: boolean;
  readonly reset: boolean;
  /** Only with a reset. */
  readonly unreadCount?: number;
}

/** What each event of the stream carries. */
export interface EventData {
  readonly ready: UnreadCount & { readonly resumed: boolean };
  readonly reset: UnreadCount;
  readonly "notification.created": UnreadCount & { readonly notification: Notification };
  readonly "notification.read": UnreadCount & { readonly id: string; readonly readAt: string | null };
  readonly "notification.unread": UnreadCount & { readonly id: string; readonly readAt: string | null };
  readonly "notification.deleted": UnreadCount & { readonly id: string };
  readonly "notification.all_read": UnreadCount & {
    readonly readAt: string;
    readonly upToSeq: number;
    readonly category: string | null;
  };
  readonly "preferences.updated": UnreadCount;
  readonly ping: { readonly seq: number };
  readonly expiring: { readonly seq: number; readonly expiresAt: string };
}

/** An event of the stream, or an entry of `/changes`: a discriminated union over `event`. */
export type ServerEvent = {
  [K in keyof EventData]: { readonly event: K; readonly seq: number; readonly data: EventData[K] };
}[keyof EventData];

/** A way a notification reaches its user. */
export type Channel = "inApp" | "email";

/** The user's choices for one category; an absent channel has none. */
export type CategoryChoice = { readonly [C in Channel]?: boolean };

/** What a channel comes to for a category, and the rule that decided. */
export interface EffectiveChannel {
  readonly enabled: boolean;
  /** The category is mandatory on this channel: it cannot be switched off. */
  readonly locked: boolean;
  readonly source: "mandatory" | "channel" | "choice" | "default";
}

/** A category's row of the preferences. */
export interface EffectiveCategory {
  readonly category: string;
  /** In the language of the request. */
  readonly label: string;
  readonly channels: { readonly [C in Channel]: EffectiveChannel };
}

/** `GET` and `PUT /api/notifications/preferences` */
export interface Preferences {
  readonly inApp: boolean;
  readonly email: boolean;
  readonly categories: Readonly<Record<string, CategoryChoice>>;
  readonly effective: readonly EffectiveCategory[];
}

/** Body of `PUT /api/notifications/preferences`: an absent member keeps its value. */
export type PreferencesUpdate = Partial<Omit<Preferences, "effective">>;

/** RFC 9457, as every refusal is told. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}
