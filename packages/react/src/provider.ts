"use client";
/**
 * The client of a tree of components, and what all of them share: the language, and how a link is followed.
 *
 * Not here: opening anything. The first hook that subscribes connects; rendering, on a server too, sends nothing.
 */
import { type ClientOptions, createClient, type GrelotClient, type Notification } from "@grelot/client";
import { createContext, createElement, type ReactElement, type ReactNode, useContext, useMemo } from "react";
import type { Messages } from "./i18n/messages.js";
import { useLatest } from "./lib/use-latest.js";

/** What `<GrelotProvider>` takes: a client, or what one is made of. */
export interface GrelotProviderProps extends Partial<Omit<ClientOptions, "getLocale">> {
  /** A client of the application's own; the other options of a client are not looked at then. */
  readonly client?: GrelotClient;
  /**
   * Of the texts, the times and the labels of categories: a BCP 47 tag, that of the texts by default. English texts are built in.
   */
  readonly locale?: string;
  /** Texts to use instead of the English ones: `fr`, which comes with this package, or your own, one or all. */
  readonly messages?: Partial<Messages>;
  /** Follows a link inside the application, in place of the browser. Links to other origins are the browser's. */
  readonly onNavigate?: (href: string, notification: Notification) => void;
  readonly children?: ReactNode;
}

interface Shared {
  readonly _client: GrelotClient;
  readonly _locale: string;
  readonly _messages: GrelotProviderProps["messages"];
  readonly _onNavigate: GrelotProviderProps["onNavigate"];
}

const Context = createContext<Shared | null>(null);

export function GrelotProvider(props: GrelotProviderProps): ReactElement {
  const { baseUrl = "", client, getToken, credentials, storage, messages, onNavigate, children } = props;
  const { locale = messages?.locale ?? "en" } = props;
  const latest = useLatest({ getToken, locale });
  // A `getToken` written in place is another function at each render; it is still the same client.
  const signs = !!getToken;
  const own = useMemo(
    () =>
      client ??
      createClient({
        baseUrl,
        credentials,
        storage,
        getLocale: () => latest.current.locale,
        getToken: signs ? (request) => latest.current.getToken?.(request) ?? null : undefined,
      } as ClientOptions),
    [client, baseUrl, signs, credentials, storage, latest],
  );
  const shared = useMemo<Shared>(
    () => ({ _client: own, _locale: locale, _messages: messages, _onNavigate: onNavigate }),
    [own, locale, messages, onNavigate],
  );
  return createElement(Context.Provider, { value: shared }, children);
}

/** What the provider above shares. */
export function useShared(): Shared {
  const shared = useContext(Context);
  if (!shared) throw new Error("Add a <GrelotProvider>.");
  return shared;
}

/** The headless client, for what no hook is there for. */
export function useGrelotClient(): GrelotClient {
  return useShared()._client;
}
