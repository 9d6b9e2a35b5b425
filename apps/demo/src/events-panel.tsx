/** The events of the stream as this tab hears them: its own, or those that the tab which connects passes on. */
import { useNotificationEvents } from "@grelot/react";
import { type ReactElement, useRef, useState } from "react";
import type { Texts } from "./texts";

const KEPT = 40;

interface Line {
  readonly key: number;
  readonly name: string;
  readonly seq: number;
  readonly data: string;
  readonly replayed: boolean;
}

export function EventsPanel({ texts }: { texts: Texts }): ReactElement {
  const [lines, setLines] = useState<readonly Line[]>([]);
  const key = useRef(0);
  useNotificationEvents(({ event, seq, data }, { replayed }) => {
    const line: Line = { key: key.current++, name: event, seq, data: JSON.stringify(data), replayed };
    setLines((now) => [line, ...now].slice(0, KEPT));
  });
  return (
    <section className="card events" aria-labelledby="events-title">
      <h2 id="events-title">{texts.events}</h2>
      <p className="hint">{texts.eventsHint}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, which the keyboard has to reach */}
      <ol tabIndex={0} aria-labelledby="events-title" data-demo="events" dir="ltr">
        {lines.map(({ key, name, seq, data, replayed }) => (
          <li key={key} data-event={name}>
            <b>{name}</b> <span>{seq}</span> {replayed && <i>{texts.caughtUp}</i>}
            <code>{data}</code>
          </li>
        ))}
        {!lines.length && <li className="hint">{texts.quiet}</li>}
      </ol>
    </section>
  );
}
