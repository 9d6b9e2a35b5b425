/**
 * What the client needs of the browser, gathered in one object so that tests can bring several tabs of their own.
 *
 * Not here: timers, the clock and `Math.random`, which are taken from the global scope as they are.
 */

/** The part of a BroadcastChannel that is used. */
export interface Port {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** A browser tab, or a server that has none of it. */
export interface Environment {
  readonly fetch: typeof fetch;
  /** Absent outside a secure context: then each tab connects. */
  readonly locks?: Pick<LockManager, "request"> | undefined;
  readonly channel?: ((name: string) => Port) | undefined;
  readonly window?: EventTarget | undefined;
  readonly document?: (EventTarget & Pick<Document, "visibilityState" | "hasFocus">) | undefined;
}

/** The environment the code runs in, read when it is first needed and never at import. */
export function environment(): Environment {
  const inBrowser = typeof document !== "undefined";
  return {
    fetch: (input, init) => fetch(input, init),
    ...(inBrowser && {
      locks: navigator.locks,
      channel: typeof BroadcastChannel === "undefined" ? undefined : (name) => new BroadcastChannel(name),
      window,
      document,
    }),
  };
}
