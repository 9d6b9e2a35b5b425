/**
 * One authenticated request: the token, its renewal, and whom the answer was given to.
 *
 * A request never goes out without the token that `getToken` is there for, so a cookie cannot speak for somebody else.
 * Not here: reading a stream (`stream.ts`), repeating what failed (`../actions.ts`, `stream.ts`).
 */
import type { Core } from "../core.js";
import { failure } from "../errors.js";

const REQUEST_TIMEOUT = 30_000;
/** A token that lives shorter than the server's warning would otherwise be renewed without end. */
const YOUNGEST_RENEWED = 5_000;

export interface Http {
  /**
   * Resolves with what a 2xx answer says, or (`whole`) with the answer unread; rejects with a `GrelotError` otherwise. Sent at
   * once if there is a token.
   */
  _send<T>(path: string, init?: RequestInit, whole?: boolean): Promise<T>;
  /** Asks for a new token, unless this one was given just now; true if it is another one. */
  _renew(): Promise<boolean>;
}

/** `onAnswer` throws if the answer is not for whom it was asked. */
export function createHttp(core: Core, onAnswer: (headers: Headers, asked: string | null) => void): Http {
  const { baseUrl, getToken, getLocale, credentials = getToken ? "omit" : "same-origin" } = core._options;
  let token: string | null = null;
  let tokenAt = 0;
  let asking: Promise<void> | undefined;

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
    const asked = core._user;
    if (getToken && !token) await ask(renewed);
    if (getToken && !token) throw failure(401);
    const used = token;
    const locale = getLocale?.();
    const response = await core._env.fetch(`${baseUrl.replace(/\/+$/, "")}/api/notifications${path}`, {
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
    onAnswer(headers, asked);
    if (ok) return answer;
    if (status === 401 && !renewed) {
      if (token === used) await ask(true);
      if (token !== used) return send(path, init, whole, true);
    }
    throw failure(status, answer);
  };

  return {
    _send: send,
    async _renew() {
      const used = token;
      if (getToken && Date.now() - tokenAt > YOUNGEST_RENEWED) await ask(true);
      return token !== used;
    },
  };
}
