/** The one shape of error that the client throws or shows. Not here: which of them are repeated (`actions.ts`). */
import type { Problem } from "./api/types.js";
import type { GrelotError } from "./types.js";

/** `status` 0: no answer came. */
export const failure = (status: number, problem?: Problem): GrelotError =>
  Object.assign(new Error(problem?.detail ?? `HTTP ${status}`), { status, problem });

/** What became of it: `error` is whatever was thrown, as a `GrelotError`. What `fetch` throws means that no answer came. */
export const outcome = <T>(work: Promise<T>): Promise<{ readonly value?: T; readonly error?: GrelotError }> =>
  work.then(
    (value) => ({ value }),
    (thrown) => ({ error: thrown.status >= 0 ? thrown : failure(0) }),
  );

/** Nobody is signed in, or somebody who may not. */
export const isRefusal = (error: GrelotError | undefined): boolean => error?.status === 401 || error?.status === 403;
