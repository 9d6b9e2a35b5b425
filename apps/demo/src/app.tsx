/**
 * The demo: a product page in miniature, whose bell, inbox, toasts and preferences are `@grelot/react` and nothing else.
 *
 * Not here: its panels, its texts.
 */
import { Bell, Connection, en, fr, GrelotProvider, Inbox, Preferences, Toaster, useUnreadCount } from "@grelot/react";
import { type ReactElement, useCallback, useEffect, useRef, useState } from "react";
import { CodePanel } from "./code-panel";
import { EventsPanel } from "./events-panel";
import { MailboxPanel } from "./mailbox-panel";
import { SendPanel } from "./send-panel";
import { SettingsBar } from "./settings-bar";
import { TEXTS, type Texts } from "./texts";
import { useSettings } from "./use-settings";

/** Who can be signed in here. */
export const USERS = ["demo", "camille"] as const;
export type User = (typeof USERS)[number];

const MESSAGES = { en, fr } as const;

const asked = new URLSearchParams(location.search).get("user");
const user: User = USERS.find((name) => name === asked) ?? "demo";

export function App(): ReactElement {
  const [settings, change] = useSettings();
  const texts = TEXTS[settings.language];
  const preferences = useRef<HTMLElement>(null);
  const [opened, setOpened] = useState<string>();

  const showPreferences = useCallback((): void => {
    document.querySelector<HTMLElement>("[data-part=popover]")?.hidePopover();
    preferences.current?.scrollIntoView({ block: "center" });
    preferences.current?.focus({ preventScroll: true });
  }, []);

  return (
    <GrelotProvider locale={settings.language} messages={MESSAGES[settings.language]} onNavigate={setOpened}>
      <Title />
      <header className="bar">
        <a className="brand" href="/">
          <img src="/demo/bell.svg" alt="" width="28" height="28" />
          Grelot
        </a>
        <Connection />
        <Bell>
          <Inbox connection={false} onPreferences={showPreferences} />
        </Bell>
      </header>

      <main>
        <section className="intro">
          <h1>{texts.title}</h1>
          <p>{texts.intro}</p>
          <Identity texts={texts} />
        </section>

        <SendPanel texts={texts} user={user} />
        <EventsPanel texts={texts} />
        <MailboxPanel texts={texts} language={settings.language} />

        <section className="card" aria-labelledby="preferences-title" ref={preferences} tabIndex={-1}>
          <h2 id="preferences-title">{texts.preferences}</h2>
          <p className="hint">{texts.preferencesHint}</p>
          <Preferences />
        </section>

        <CodePanel texts={texts} />
      </main>

      <footer>
        <SettingsBar texts={texts} settings={settings} change={change} />
      </footer>

      <p className="opened" role="status">
        {opened && texts.opened(opened)}
      </p>
      <Toaster />
    </GrelotProvider>
  );
}

/** The other identity is one page load away; every other tab of this browser follows by itself. */
function Identity({ texts }: { texts: Texts }): ReactElement {
  const other: User = user === "demo" ? "camille" : "demo";
  return (
    <p className="identity" data-user={user}>
      <span>{texts.you(user)}</span> <a href={other === "demo" ? "/" : `/?user=${other}`}>{texts.switchTo(other)}</a>
    </p>
  );
}

function Title(): null {
  const unread = useUnreadCount();
  useEffect(() => {
    document.title = unread ? `(${unread > 99 ? "99+" : unread}) Grelot demo` : "Grelot demo";
  }, [unread]);
  return null;
}
