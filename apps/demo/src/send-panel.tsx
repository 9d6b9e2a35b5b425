/** Sends examples: one of each kind, or many at once; to whoever is signed in, or to the other. */
import { type ReactElement, useState } from "react";
import { USERS, type User } from "./app";
import { Copy } from "./copy";
import { EXAMPLES, type Example, type Texts } from "./texts";

const STORMS = [12, 500];

const TYPES: Record<Example, string> = {
  welcome: "INFO",
  invoice: "SUCCESS",
  storage: "WARNING",
  payment: "ERROR",
  "sign-in": "WARNING",
};

export function SendPanel({ texts, user }: { texts: Texts; user: User }): ReactElement {
  const [to, setTo] = useState<User>(user);
  const [failed, setFailed] = useState(false);

  const send = async (example: Example, count = 1): Promise<void> => {
    const body = JSON.stringify({ example, to, count });
    const headers = { "content-type": "application/json" };
    const sent = await fetch("/demo/notify", { method: "POST", headers, body }).catch(() => undefined);
    setFailed(!sent?.ok);
  };

  return (
    <section className="card" aria-labelledby="send-title">
      <div className="row">
        <h2 id="send-title">{texts.sending}</h2>
        <label>
          {texts.to}{" "}
          <select value={to} onChange={({ target }) => setTo(target.value as User)} data-demo="to">
            {USERS.map((name) => (
              <option key={name} value={name}>
                {name === user ? `${name} (${texts.me})` : name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div className="send">
        {EXAMPLES.map((example) => (
          <button
            key={example}
            type="button"
            data-example={example}
            data-kind={TYPES[example]}
            onClick={() => send(example)}
          >
            {texts.examples[example]}
          </button>
        ))}
      </div>
      <div className="send">
        {STORMS.map((count) => (
          <button key={count} type="button" data-storm={count} onClick={() => send("welcome", count)}>
            {texts.storm(count)}
          </button>
        ))}
      </div>
      <p className="failed" role="alert">
        {failed && texts.failed}
      </p>
      <h3>{texts.terminal}</h3>
      <Copy texts={texts} text={document.querySelector<HTMLTemplateElement>("#curl")?.content.textContent ?? ""} />
    </section>
  );
}
