/**
 * One authenticated request: the token, its renewal, and whom the answer was given to.
 *
 * A request never goes out without the token that `getToken` is there for, so a cookie cannot speak for somebody else.
 * Not here: reading a stream (`stream.ts`), repeating what failed (`../actions.ts`, `stream.ts`).
 */
import { failure } from "../errors.js";
import type { ClientOptions } from "../types.js";
import type { Environment } from "./environment.js";

const REQUEST_TIMEOUT = 30_000;
/** A token that lives shorter than the server's warning would otherwise be renewed without end. */
const YOUNGEST_RENEWED = 5_000;

export interface Http {
  /**
   * Resolves with what a 2xx answer says, or (`whole`) with the answer unread; rejects with a `GrelotError` otherwise. Sent at
   * once if there is a token.
   */
  send<T>(path: string, init?: RequestInit, whole?: boolean): Promise<T>;
  /** Asks for a new token, unless this one was given just now; true if it is another one. */
  renew(): Promise<boolean>;
  /** Answers to what was sent before are thrown away. */
  forget(): void;
}

export function createHttp(env: Environment, options: ClientOptions, onAnswer: (headers: Headers) => void): Http {
  const { baseUrl, getToken, getLocale, credentials = getToken ? "omit" : "same-origin" } = options;
  let token: string | null = null;
  let tokenAt = 0;
  let asking: Promise<void> | undefined;
  let epoch = 0;

  const ask = (refresh: boolean): Promise<void> => {
    asking ??= Promise.resolve({ refresh })
      .then(getToken)
      .then((given) => {
        token = given as string | null;
        tokenAt = Date.now();
      })
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };

  const send = async <T>(path: string, init?: RequestInit, whole?: boolean, renewed = !getToken): Promise<T> => {
    const sent = epoch;
    if (getToken && !token) await ask(renewed);
    if (getToken && !token) throw failure(401);
    const used = token;
    const locale = getLocale?.();
    const response = await env.fetch(`${baseUrl.replace(/\/+$/, "")}/api/notifications${path}`, {
      cache: "no-store",
      credentials,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT),
      ...init,
      headers: {
        ...(used && { authorization: `Bearer ${used}` }),
        ...(locale && { "accept-language": locale }),
        ...(init?.headers as Record<string, string>),
      },
    });
    const { ok, status, headers } = response;
    // Some answers say nothing, some refusals come from a proxy and in a form of its own.
    const answer = ok && whole ? response : await response.json().catch(() => {});
    if (sent === epoch) onAnswer(headers);
    if (sent !== epoch) throw failure(0); // asked as, or answered to, somebody who is no longer here
    if (ok) return answer;
    if (status === 401 && !renewed) {
      if (token === used) await ask(true);
      if (token !== used) return send(path, init, whole, true);
    }
    throw failure(status, answer);
  };

  return {
    send,
    async renew() {
      const used = token;
      if (getToken && Date.now() - tokenAt > YOUNGEST_RENEWED) await ask(true);
      return token !== used;
    },
    forget() {
      epoch++;
    },
  };
}
