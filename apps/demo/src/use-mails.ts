/** The mails that the demo's relay took: asked for every second while the page is seen. Not here: how they are shown. */
import { useEffect, useState } from "react";

export interface Mail {
  readonly id: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly source: string;
  readonly at: string;
}

const EVERY = 1_000;

/** The newest first. */
export function useMails(): readonly Mail[] {
  const [mails, setMails] = useState<readonly Mail[]>([]);
  useEffect(() => {
    const left = new AbortController();
    let asking = false;
    let known = "";
    const look = async (): Promise<void> => {
      if (asking || document.visibilityState !== "visible") return;
      asking = true;
      try {
        const answer = await fetch("/demo/mails", { signal: left.signal });
        const now = answer.ok ? await answer.text() : known;
        if (now !== known) setMails(JSON.parse(now));
        known = now;
      } catch {
        // the service is away, or the panel is: what was there stays
      }
      asking = false;
    };
    const timer = setInterval(look, EVERY);
    document.addEventListener("visibilitychange", look, { signal: left.signal });
    look();
    return () => {
      clearInterval(timer);
      left.abort();
    };
  }, []);
  return mails;
}
