/** The mails that went out, as their readers see them. Not here: asking for them. */
import { type ReactElement, useState } from "react";
import type { Texts } from "./texts";
import { type Mail, useMails } from "./use-mails";

type View = keyof Texts["mailViews"];

export function MailboxPanel({ texts, language }: { texts: Texts; language: string }): ReactElement {
  const mails = useMails();
  const [chosen, choose] = useState<string>();
  const [view, setView] = useState<View>("html");
  const mail = mails.find(({ id }) => id === chosen) ?? mails[0];
  const time = new Intl.DateTimeFormat(language, { timeStyle: "medium" });

  return (
    <section className="card mailbox" aria-labelledby="mailbox-title" data-demo="mailbox">
      <h2 id="mailbox-title">{texts.mailbox}</h2>
      <p className="hint">{texts.mailboxHint}</p>
      {!mail && <p className="hint none">{texts.noMail}</p>}
      {mail && (
        <div className="mails">
          <ol aria-labelledby="mailbox-title">
            {mails.map(({ id, to, subject, at }) => (
              <li key={id}>
                <button type="button" data-mail={id} aria-pressed={id === mail.id} onClick={() => choose(id)}>
                  <b dir="auto">{subject}</b>
                  <span>
                    <bdi>{to.join(", ")}</bdi> <time dateTime={at}>{time.format(new Date(at))}</time>
                  </span>
                </button>
              </li>
            ))}
          </ol>
          <div className="mail">
            <fieldset className="views">
              <legend className="hint">{texts.mailView}</legend>
              {(Object.keys(texts.mailViews) as View[]).map((name) => (
                <button
                  key={name}
                  type="button"
                  data-view={name}
                  aria-pressed={name === view}
                  onClick={() => setView(name)}
                >
                  {texts.mailViews[name]}
                </button>
              ))}
            </fieldset>
            <Content mail={mail} view={view} />
          </div>
        </div>
      )}
    </section>
  );
}

/** The markup stays in a frame where nothing runs. */
function Content({ mail, view }: { mail: Mail; view: View }): ReactElement {
  if (view === "html") {
    return <iframe key={mail.id} sandbox="" src={`/demo/mails/${mail.id}.html`} title={mail.subject} />;
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, which the keyboard has to reach
    <pre key={`${mail.id} ${view}`} tabIndex={0} dir={view === "text" ? "auto" : "ltr"}>
      {mail[view]}
    </pre>
  );
}
