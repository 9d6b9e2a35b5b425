"use client";
/**
 * `@grelot/react`: hooks and components over `@grelot/client`. This page is its whole public surface.
 *
 * Not here: the transport and the state, which are the client's; how it looks (`@grelot/react/style.css`).
 */
export { Bell, type BellProps } from "./components/bell.js";
export { Connection } from "./components/connection.js";
export { Inbox, type InboxProps } from "./components/inbox.js";
export type { ItemActions } from "./components/item.js";
export { Preferences } from "./components/preferences.js";
export { Toaster, type ToasterProps } from "./components/toaster.js";
export { en } from "./i18n/en.js";
export { fr } from "./i18n/fr.js";
export type { Messages } from "./i18n/messages.js";
export type { Toast } from "./lib/toasts.js";
export { GrelotProvider, type GrelotProviderProps, useGrelotClient } from "./provider.js";
export { useNotificationEvents } from "./use-notification-events.js";
export { type UseNotifications, type UseNotificationsOptions, useNotifications } from "./use-notifications.js";
export { type UsePreferences, usePreferences } from "./use-preferences.js";
export { useUnreadCount } from "./use-unread-count.js";
