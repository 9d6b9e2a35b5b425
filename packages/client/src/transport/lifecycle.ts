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
  const ends: (() => void)[] = [];
  const on = (target: EventTarget | undefined, types: string, handler: () => void): void => {
    for (const type of types.split(" ")) {
      target?.addEventListener(type, handler, { passive: true });
      ends.push(() => target?.removeEventListener(type, handler));
    }
  };
  const look = (): void => {
    if (document?.visibilityState !== "hidden") owner.wake(false);
  };
  on(window, "online offline", () => owner.wake(true));
  on(window, "pagehide", owner.suspend);
  on(window, "pageshow", owner.resume);
  on(window, "focus", owner.attention);
  on(document, "pointerover pointerdown", owner.attention);
  on(document, "visibilitychange", look);
  on(document, "freeze", owner.suspend);
  on(document, "resume", owner.resume);
  return () => {
    for (const end of ends) end();
  };
}
