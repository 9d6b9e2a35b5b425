/** Something to copy, and the button that does. */
import { type ReactElement, useEffect, useState } from "react";
import type { Texts } from "./texts";

export function Copy({ texts, text }: { texts: Texts; text: string }): ReactElement {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    const timer = copied && setTimeout(setCopied, 2_000, false);
    return () => clearTimeout(timer || undefined);
  }, [copied]);
  return (
    <div className="copy">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, which the keyboard has to reach */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <button
        type="button"
        onClick={() =>
          navigator.clipboard.writeText(text).then(
            () => setCopied(true),
            () => {},
          )
        }
      >
        {copied ? texts.copied : texts.copy}
      </button>
    </div>
  );
}
