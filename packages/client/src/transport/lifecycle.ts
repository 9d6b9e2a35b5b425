/**
 * The page's life: when the network changes, when it is looked at, left, kept for the way back, or frozen.
 *
 * Not here: what is done about it (`../client.ts`).
 */
import type { Environment } from "./environment.js";

export interface LifecycleOwner {
  /** Somebody looks again, or (`changed`) the network came or went. */
  wake(changed: boolean): void;
  /** The page is left, for good or for the back-forward cache, or frozen: everything held must be let go. */
  suspend(): void;
  resume(): void;
  /** The person is here. */
  attention(): void;
}

/** Returns the function that ends the watching. */
export function watch({ window, document }: Environment, owner: LifecycleOwner): () => void {
  const end = new AbortController();
  const on = (target: EventTarget | undefined, handler: () => void, ...types: string[]): void => {
    for (const type of types) target?.addEventListener(type, handler, { passive: true, signal: end.signal });
  };
  on(window, () => owner.wake(true), "online", "offline");
  on(window, owner.suspend, "pagehide");
  on(window, owner.resume, "pageshow");
  on(window, owner.attention, "focus");
  on(document, owner.attention, "pointerover", "pointerdown");
  on(document, owner.suspend, "freeze");
  on(document, owner.resume, "resume");
  on(document, () => document?.visibilityState === "visible" && owner.wake(false), "visibilitychange");
  return () => end.abort();
}
