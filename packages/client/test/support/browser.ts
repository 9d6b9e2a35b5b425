/**
 * A browser of several tabs: Web Locks and BroadcastChannels that they share, and windows of their own.
 *
 * A frozen tab neither hears nor says anything on its channels. Not here: the server.
 */
import { createClientIn } from "../../src/client.js";
import type { Environment, Port } from "../../src/transport/environment.js";
import type { ClientOptions, GrelotClient, ToastEvent } from "../../src/types.js";
import type { FakeServer } from "./server.js";

interface Request {
  readonly grant: () => void;
  readonly rob: () => void;
}

class FakeLocks {
  private held = new Map<string, Request>();
  private queues = new Map<string, Request[]>();

  request = ((name: string, options: LockOptions, callback: () => unknown) =>
    new Promise<unknown>((resolve, reject) => {
      const queue = this.queues.get(name) ?? [];
      this.queues.set(name, queue);
      const next = (): void => {
        this.held.delete(name);
        queue.shift()?.grant();
      };
      const request: Request = {
        grant: () => {
          this.held.set(name, request);
          Promise.resolve(callback()).then((value) => {
            if (this.held.get(name) === request) next();
            resolve(value);
          }, reject);
        },
        rob: () => reject(new DOMException("Lock broken by another request with the 'steal' option.", "AbortError")),
      };
      const holder = this.held.get(name);
      if (options.steal) {
        holder?.rob();
        request.grant();
      } else if (holder) {
        queue.push(request);
        options.signal?.addEventListener("abort", () => {
          const at = queue.indexOf(request);
          if (at < 0) return;
          queue.splice(at, 1);
          reject(new DOMException("aborted", "AbortError"));
        });
      } else request.grant();
    })) as LockManager["request"];

  /** Held and awaited locks. */
  get size(): number {
    return this.held.size + [...this.queues.values()].reduce((sum, { length }) => sum + length, 0);
  }
}

export class Browser {
  locks = new FakeLocks();
  ports = new Map<string, Set<Port & { tab: Tab }>>();

  readonly server: FakeServer;

  constructor(server: FakeServer) {
    this.server = server;
  }

  tab(options: Partial<ClientOptions> = {}, without: { locks?: boolean } = {}): Tab {
    return new Tab(this, options, without);
  }

  get openPorts(): number {
    return [...this.ports.values()].reduce((sum, { size }) => sum + size, 0);
  }
}

export class Tab {
  readonly window = new EventTarget();
  readonly document: EventTarget & { hidden: boolean; hasFocus(): boolean };
  readonly client: GrelotClient;
  readonly toasts: ToastEvent[] = [];
  focused = false;
  frozen = false;

  constructor(browser: Browser, options: Partial<ClientOptions>, without: { locks?: boolean }) {
    // What is fired at the document passes the window, as in a page.
    const document = new EventTarget();
    document.dispatchEvent = (event) => this.window.dispatchEvent(event);
    this.document = Object.assign(document, {
      hidden: false,
      hasFocus: () => this.focused,
    });
    const tab = this;
    const locks = {
      request: ((...args: Parameters<LockManager["request"]>) =>
        tab.frozen ? new Promise(() => {}) : browser.locks.request(...args)) as LockManager["request"],
    };
    const env: Environment = {
      fetch: (input, init) => (this.frozen ? new Promise(() => {}) : browser.server.fetch(input, init)),
      navigator: without.locks ? {} : { locks },
      BroadcastChannel: class implements Port {
        onmessage: Port["onmessage"] = null;
        readonly tab: Tab = tab;
        private readonly room: Set<Port & { tab: Tab }>;

        constructor(name: string) {
          this.room = browser.ports.get(name) ?? new Set();
          browser.ports.set(name, this.room);
          this.room.add(this);
        }

        postMessage(message: unknown): void {
          if (tab.frozen) return;
          const data = structuredClone(message);
          for (const other of this.room) {
            if (other === this) continue;
            queueMicrotask(() => {
              if (this.room.has(other) && !other.tab.frozen) other.onmessage?.({ data } as MessageEvent);
            });
          }
        }

        close(): void {
          this.room.delete(this);
        }
      },
      addEventListener: this.window.addEventListener.bind(this.window) as Window["addEventListener"],
      document: this.document,
    };
    this.client = createClientIn(env, { baseUrl: "http://grelot.test", ...options });
  }

  /** Mounts an application: somebody listens, and shows toasts. Returns how it is taken down. */
  mount(): () => void {
    const ends = [this.client.subscribe(() => {}), this.client.onToast((toast) => this.toasts.push(toast))];
    return () => {
      for (const end of ends) end();
    };
  }

  focus(): void {
    this.focused = true;
    this.window.dispatchEvent(new Event("focus"));
  }

  get unread(): number {
    return this.client.getSnapshot().unreadCount;
  }

  get state(): string {
    return this.client.getSnapshot().connectionState;
  }

  get titles(): string[] {
    return this.client
      .list()
      .getSnapshot()
      .notifications.map(({ title }) => title);
  }
}
