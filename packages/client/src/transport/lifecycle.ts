/**
 * The page's life: when the network changes, when it is looked at, left, kept for the way back, or frozen.
 *
 * Not here: what is done about it (`../client.ts`).
 */
import type { Environment } from "./environment.js";

/**
 * Returns the function that ends the watching.
 *
 * @param wake - Somebody looks again, or (`changed`) the network came or went.
 * @param suspend - The page is left, for good or for the back-forward cache, or frozen: everything held must be let go.
 * @param resume - It is back.
 * @param attention - The person is here.
 */
export function watch(
  env: Environment,
  wake: (changed: boolean) => void,
  suspend: () => void,
  resume: () => void,
  attention: () => void,
): () => void {
  const end = new AbortController();
  const changed = (): void => wake(true);
  // All from the window, in the capture phase: what is fired at the document passes there whether or not it bubbles.
  for (const [type, handler] of Object.entries({
    online: changed,
    offline: changed,
    visibilitychange: () => env.document?.hidden || wake(false),
    pagehide: suspend,
    freeze: suspend,
    pageshow: resume,
    resume,
    focus: attention,
    pointerover: attention,
  })) {
    env.addEventListener?.(type, handler, { capture: true, signal: end.signal });
  }
  return () => end.abort();
}
