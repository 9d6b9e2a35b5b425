/** The one shape of error that the client throws or shows. Not here: which of them are repeated (`actions.ts`). */
import type { Problem } from "./api/types.js";
import type { GrelotError } from "./types.js";

/** `status` 0: no answer came. */
export const failure = (status: number, problem?: Problem): GrelotError =>
  Object.assign(new Error(problem?.detail ?? problem?.title ?? `HTTP ${status}`), { status, problem });

/** Whatever was thrown, as a `GrelotError`: what `fetch` throws means that no answer came. */
export const asFailure = (thrown: unknown): GrelotError =>
  (thrown as GrelotError).status >= 0 ? (thrown as GrelotError) : failure(0);

/** Nobody is signed in, or somebody who may not. */
export const isRefusal = ({ status }: GrelotError): boolean => status === 401 || status === 403;
