/**
 * The page's life: when the network changes, when it is looked at, left, kept for the way back, or frozen.
 *
 * Not here: what is done about it (`../client.ts`).
 */
import type { Environment } from "./environment.js";

export interface LifecycleOwner {
  /** Somebody looks again, or (`changed`) the network came or went. */
  wake(changed?: boolean): void;
  /** The page is left, for good or for the back-forward cache, or frozen: everything held must be let go. */
  suspend(): void;
  resume(): void;
  /** The person is here. */
  attention(): void;
}

/** Returns the function that ends the watching. */
export function watch(env: Environment, { wake, suspend, resume, attention }: LifecycleOwner): () => void {
  const end = new AbortController();
  const on = (target: Pick<EventTarget, "addEventListener"> | undefined, types: string, handler: () => void): void => {
    for (const type of types.split(" ")) target?.addEventListener(type, handler, { passive: true, signal: end.signal });
  };
  const { document } = env;
  const page = env.addEventListener && (env as Pick<EventTarget, "addEventListener">);
  on(page, "online offline", () => wake(true));
  on(page, "pagehide", suspend);
  on(page, "pageshow", resume);
  on(page, "focus", attention);
  on(document, "pointerover pointerdown", attention);
  on(document, "freeze", suspend);
  on(document, "resume", resume);
  on(document, "visibilitychange", () => document?.visibilityState === "visible" && wake());
  return () => end.abort();
}
