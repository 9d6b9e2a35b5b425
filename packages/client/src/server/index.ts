/**
 * `@grelot/client/server`: what a host's server needs, in Node and on the edge.
 *
 * `createNotification` for every module, `signToken` for the pages. Not here: anything of a browser; it must never be sent to
 * one, since it holds the keys.
 */
export { signToken, type TokenOptions } from "./token.js";

import type { NotificationType, Problem } from "../api/types.js";
import { failure } from "../errors.js";
import type { GrelotError } from "../types.js";

export type { GrelotError, NotificationType, Problem };

/** Where Grelot is reached, and with which key. */
export interface ServerOptions {
  /** Without a path: `http://127.0.0.1:4000`. */
  readonly url: string;
  /** Of `grelot keys create`, with the scope `notify`. */
  readonly apiKey: string;
  /** How often a request is repeated, with the same idempotency key, when no clear answer came. 3 by default. */
  readonly retries?: number;
  /** Instead of the global one. */
  readonly fetch?: typeof fetch;
}

/** To one user, or to up to 1,000. */
export type NotificationInput = {
  readonly title: string;
  readonly type?: NotificationType;
  readonly category?: string | null;
  readonly body?: string | null;
  readonly link?: string | null;
  readonly data?: Readonly<Record<string, unknown>> | null;
} & (
  | { readonly userId: string; readonly userIds?: undefined }
  | { readonly userIds: readonly string[]; readonly userId?: undefined }
);

/** What became of a notification for one user. `id` is null when nothing came of it. */
export interface NotificationResult {
  readonly id: string | null;
  readonly userId: string;
  readonly inApp: "created" | "muted";
  readonly email: "off" | "muted" | "no_address" | "queued";
}

export interface CreateOptions {
  /** The same key and the same input, within a day: created once. A new one for each call by default. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

export interface GrelotServer {
  /** Resolves once the notification is durable; rejects with a `GrelotError`. */
  readonly createNotification: (
    input: NotificationInput,
    options?: CreateOptions,
  ) => Promise<readonly NotificationResult[]>;
}

const REPEATED = [0, 409, 429, 502, 503, 504];

/** The functions that the modules of a host call. */
export function createServer(options: ServerOptions): GrelotServer {
  const { url, apiKey, retries = 3 } = options;
  const send = options.fetch ?? fetch;

  const attempt = async (body: string, key: string, signal?: AbortSignal): Promise<Response | GrelotError> => {
    try {
      const response = await send(`${url.replace(/\/+$/, "")}/api/internal/notify`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${apiKey}`,
          "content-type": "application/json",
          "idempotency-key": key,
        },
        body,
        ...(signal && { signal }),
      });
      if (response.ok) return response;
      const problem: Problem | undefined = await response.json().catch(() => undefined);
      const wait = Number(response.headers.get("retry-after"));
      return Object.assign(failure(response.status, problem), { wait });
    } catch {
      signal?.throwIfAborted();
      return failure(0);
    }
  };

  return {
    async createNotification(input, { idempotencyKey = crypto.randomUUID(), signal } = {}) {
      const body = JSON.stringify(input);
      for (let tries = 0; ; tries++) {
        const answer = await attempt(body, idempotencyKey, signal);
        if (!(answer instanceof Error)) {
          return ((await answer.json()) as { notifications: NotificationResult[] }).notifications;
        }
        if (tries >= retries || !REPEATED.includes(answer.status)) throw answer;
        // What is unknown is asked again under the same key, which makes it the same notification.
        const seconds = (answer as { wait?: number }).wait || 0.1 * 2 ** tries;
        await new Promise((resolve) => setTimeout(resolve, seconds * 1_000 * (1 + Math.random() / 4)));
      }
    },
  };
}
