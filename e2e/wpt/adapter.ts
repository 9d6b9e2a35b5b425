/**
 * The client's event stream in the shape of `EventSource`, so that web-platform-tests can be run against it.
 *
 * The bytes are read by the client's own parser. What is around it is what the HTML standard asks of an `EventSource`; the client
 * itself takes its cursor from the data and not from the id, waits with jitter, watches for silence and goes on after any
 * failure (`transport/stream.ts`, with tests of its own). So ids are read here, between one line and the next.
 */
import { createParser } from "../../packages/client/src/transport/sse.js";

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;
const LF = 10;
const CR = 13;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Gives bytes on with no more than one line's end in each piece, after telling the line that ends there. */
function byLine(tell: (line: string) => void, give: (bytes: Uint8Array) => void): (chunk: Uint8Array) => void {
  let line: number[] = [];
  let last = 0;
  return (chunk) => {
    let given = 0;
    chunk.forEach((byte, at) => {
      const ends = byte === CR || (byte === LF && last !== CR);
      last = byte;
      if (!ends) {
        if (byte !== LF) line.push(byte);
        return;
      }
      tell(decoder.decode(Uint8Array.from(line)));
      line = [];
      give(chunk.subarray(given, at + 1));
      given = at + 1;
    });
    if (given < chunk.length) give(chunk.subarray(given));
  };
}

class StreamEventSource extends EventTarget {
  static readonly CONNECTING = CONNECTING;
  static readonly OPEN = OPEN;
  static readonly CLOSED = CLOSED;
  readonly CONNECTING = CONNECTING;
  readonly OPEN = OPEN;
  readonly CLOSED = CLOSED;
  readonly url: string;
  readonly withCredentials: boolean;
  #readyState = CONNECTING;
  #lastEventId = "";
  #retry = 3_000;
  readonly #end = new AbortController();

  constructor(url: string | URL, init?: EventSourceInit) {
    super();
    const resolved = URL.parse(`${url}`, self.document?.baseURI ?? self.location.href);
    // Chromium takes a host with a space in it for one, and escapes it; no host has a `%`.
    if (!resolved || resolved.host.includes("%")) throw new DOMException(`${url} is not a URL.`, "SyntaxError");
    this.url = resolved.href;
    this.withCredentials = !!init?.withCredentials;
    this.#connect();
  }

  get readyState(): number {
    return this.#readyState;
  }

  close(): void {
    this.#readyState = CLOSED;
    this.#end.abort();
  }

  async #connect(): Promise<void> {
    const id = String.fromCharCode(...encoder.encode(this.#lastEventId));
    try {
      const { status, headers, body, url } = await fetch(this.url, {
        cache: "no-store",
        credentials: this.withCredentials ? "include" : "same-origin",
        headers: { accept: "text/event-stream", ...(id && { "last-event-id": id }) },
        signal: this.#end.signal,
      });
      const type = headers.get("content-type") ?? "";
      if (status !== 200 || !/^text\/event-stream\s*(;|$)/i.test(type)) throw new TypeError(`${status} ${type}`);
      this.#is(OPEN, "open");
      await this.#read((body as ReadableStream<Uint8Array>).getReader(), new URL(url).origin);
    } catch {
      // A script cannot tell a network that failed from an answer that it may not see: both end the source.
      return this.#is(CLOSED, "error");
    }
    this.#is(CONNECTING, "error");
    setTimeout(() => this.#readyState === CONNECTING && this.#connect(), this.#retry);
  }

  /** Resolves at the end of the stream, whatever ended it. */
  async #read(reader: ReadableStreamDefaultReader<Uint8Array>, origin: string): Promise<void> {
    const parse = createParser(
      ({ event, data }) => {
        this.#dispatch(new MessageEvent(event, { data, lastEventId: this.#lastEventId, origin }));
      },
      (milliseconds) => {
        this.#retry = milliseconds;
      },
    );
    let id = this.#lastEventId;
    const take = byLine((line) => {
      if (line === "") this.#lastEventId = id;
      const [isId, value = ""] = /^id(?:: ?(.*))?$/s.exec(line) ?? [];
      if (isId && !value.includes("\0")) id = value;
    }, parse);
    for (;;) {
      const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }) as const);
      if (done) return;
      take(value);
    }
  }

  #is(state: number, event: string): void {
    if (this.#readyState === CLOSED) return;
    this.#readyState = state;
    this.dispatchEvent(new Event(event));
  }

  #dispatch(event: Event): void {
    if (this.#readyState !== CLOSED) this.dispatchEvent(event);
  }
}

for (const type of ["open", "message", "error"]) {
  const handlers = new WeakMap<EventTarget, unknown>();
  Object.defineProperty(StreamEventSource.prototype, `on${type}`, {
    configurable: true,
    enumerable: true,
    get(this: EventTarget) {
      return handlers.get(this) ?? null;
    },
    set(this: EventTarget, handler: unknown) {
      if (!handlers.has(this)) {
        this.addEventListener(type, (event) => {
          const now = handlers.get(this);
          if (typeof now === "function") now.call(this, event);
        });
      }
      handlers.set(this, handler);
    },
  });
}

Object.defineProperty(self, "EventSource", { configurable: true, writable: true, value: StreamEventSource });
