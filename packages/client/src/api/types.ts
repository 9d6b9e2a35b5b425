/**
 * The wire types of Grelot's HTTP API: names for what is generated from the OpenAPI document, and the events of the stream,
 * which the document describes in prose.
 *
 * Not here: what the client adds (`../types.ts`).
 */
import type { components } from "./schema.gen.js";

type Schemas = components["schemas"];

/** What kind of message a notification is. */
export type NotificationType = Schemas["NotificationType"];

/** A notification, as every route and event shows it. `seq` is the change that created it: newest means highest. */
export type Notification = Schemas["Notification"];

/** `GET /api/notifications` */
export type Page = Schemas["NotificationPage"];

/** `GET /api/notifications/unread-count` */
export type UnreadCount = Schemas["UnreadCount"];

/** A way a notification reaches its user. */
export type Channel = Schemas["Channel"];

/** The user's choices for one category; an absent channel has none. */
export type CategoryChoice = Schemas["Choice"];

/** What a channel comes to for a category, and the rule that decided. A locked one cannot be switched off. */
export type EffectiveChannel = Schemas["EffectiveChannel"];

/** A category's row of the preferences, its label in the language of the request. */
export type EffectiveCategory = Schemas["EffectivePreference"];

/** `GET` and `PUT /api/notifications/preferences` */
export type Preferences = Schemas["Preferences"];

/** Body of `PUT /api/notifications/preferences`: an absent member keeps its value. */
export type PreferencesUpdate = Schemas["PreferencesUpdate"];

/** RFC 9457, as every refusal is told. */
export type Problem = Schemas["Problem"];

/** What each event of the stream carries. */
export interface EventData {
  readonly ready: Schemas["ReadyEvent"];
  readonly reset: Schemas["CountersEvent"];
  readonly "notification.created": Schemas["CreatedEvent"];
  readonly "notification.read": Schemas["ReadStateEvent"];
  readonly "notification.unread": Schemas["ReadStateEvent"];
  readonly "notification.deleted": Schemas["DeletedEvent"];
  readonly "notification.all_read": Schemas["AllReadEvent"];
  readonly "preferences.updated": Schemas["CountersEvent"];
  readonly ping: Schemas["PingEvent"];
  readonly expiring: Schemas["ExpiringEvent"];
}

/** An event of the stream, or an entry of `/changes`: a discriminated union over `event`. */
export type ServerEvent = {
  [K in keyof EventData]: { readonly event: K; readonly seq: number; readonly data: EventData[K] };
}[keyof EventData];

/** `GET /api/notifications/changes` */
export type Changes = Omit<Schemas["Changes"], "events"> & { readonly events: readonly ServerEvent[] };
