/**
 * What the client needs of the browser: the part of the global scope that tests replace to have several tabs of their own.
 *
 * On a server some of it is missing. Not here: timers, the clock and `Math.random`, which are taken as they are.
 */

/** The part of a BroadcastChannel that is used. */
export interface Port {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

export interface Environment {
  readonly fetch: typeof fetch;
  readonly navigator?: {
    /** Only in a secure context: otherwise each tab connects. */ readonly locks?: Pick<LockManager, "request">;
  };
  readonly BroadcastChannel: new (name: string) => Port;
  readonly addEventListener?: Window["addEventListener"];
  readonly document?: Pick<Document, "hidden" | "hasFocus">;
}
