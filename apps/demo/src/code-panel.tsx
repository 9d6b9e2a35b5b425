/** What an application writes to have all this. */
import type { ReactElement } from "react";
import { Copy } from "./copy";
import type { Texts } from "./texts";

const CODE = `import { Bell, GrelotProvider, Toaster } from "@grelot/react";
import "@grelot/react/style.css";

<GrelotProvider><Bell /><Toaster /></GrelotProvider>`;

export function CodePanel({ texts }: { texts: Texts }): ReactElement {
  return (
    <section className="card" aria-labelledby="code-title">
      <h2 id="code-title">{texts.code}</h2>
      <p className="hint">
        {texts.codeHint} <a href="/docs">{texts.api}</a>
      </p>
      <Copy texts={texts} text={CODE} />
    </section>
  );
}
