/**
 * One authenticated request: the token, its renewal, and whom the answer was given to.
 *
 * A request never goes out without the token that `getToken` is there for, so a cookie cannot speak for somebody else.
 * Not here: reading a stream (`stream.ts`), repeating what failed (`actions.ts`, `stream.ts`).
 */
import { failure } from "../errors.js";
import type { ClientOptions } from "../types.js";
import type { Environment } from "./environment.js";

const REQUEST_TIMEOUT = 30_000;

export interface Http {
  /** Resolves with a 2xx answer; rejects with a `GrelotError` otherwise. */
  send(path: string, init?: RequestInit): Promise<Response>;
  json<T>(path: string, init?: RequestInit): Promise<T>;
  /** Asks for a new token; true if it is another one. */
  renew(): Promise<boolean>;
  /** When the token was last asked for. */
  tokenAt(): number;
  /** Starts a request while the page is being left, with the token at hand. */
  last(path: string, init: RequestInit): void;
  /** Answers to what was sent before are thrown away. */
  forget(): void;
}

export function createHttp(env: Environment, options: ClientOptions, onAnswer: (headers: Headers) => void): Http {
  const base = `${options.baseUrl.replace(/\/+$/, "")}/api/notifications`;
  const { getToken } = options;
  const credentials = options.credentials ?? (getToken ? "omit" : "same-origin");
  let token: string | null = null;
  let tokenAt = 0;
  let asking: Promise<void> | undefined;
  let epoch = 0;

  const ask = (refresh: boolean): Promise<void> => {
    asking ??= (async () => {
      token = (await getToken?.({ refresh })) ?? null;
      tokenAt = Date.now();
    })().finally(() => {
      asking = undefined;
    });
    return asking;
  };

  const request = (path: string, init: RequestInit): Promise<Response> =>
    env.fetch(base + path, {
      cache: "no-store",
      credentials,
      ...init,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(init.body ? { "content-type": "application/json" } : {}),
        ...(init.headers as Record<string, string> | undefined),
      },
    });

  const send = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const sent = epoch;
    for (let renewed = !getToken; ; renewed = true) {
      if (getToken && !token) await ask(false);
      if (getToken && !token) throw failure(401);
      const used = token;
      const response = await request(path, init);
      if (sent === epoch) onAnswer(response.headers);
      if (sent !== epoch) throw failure(0); // asked as, or answered to, somebody who is no longer here
      if (response.ok) return response;
      if (response.status === 401 && !renewed) {
        if (token === used) await ask(true);
        if (token && token !== used) continue;
      }
      throw failure(response.status, await response.json().catch(() => null));
    }
  };

  return {
    send,
    async json<T>(path: string, init: RequestInit = {}) {
      const sent = epoch;
      const limit = new AbortController();
      const timer = setTimeout(() => limit.abort(), REQUEST_TIMEOUT);
      try {
        const response = await send(path, { signal: limit.signal, ...init });
        const body = response.status === 204 ? undefined : await response.json();
        if (sent !== epoch) throw failure(0);
        return body as T;
      } finally {
        clearTimeout(timer);
      }
    },
    async renew() {
      const used = token;
      if (getToken) await ask(true);
      return token !== used;
    },
    tokenAt: () => tokenAt,
    last(path, init) {
      request(path, { ...init, keepalive: true }).catch(() => {});
    },
    forget() {
      epoch++;
    },
  };
}
