/**
 * What the parts of the client share: what is known, what is shown of it, and how a change of either is made visible.
 *
 * Not here: any of the parts.
 */
import type { Actions } from "./actions.js";
import type { ServerEvent } from "./api/types.js";
import type { State } from "./store/state.js";
import type { Environment } from "./transport/environment.js";
import type { Http } from "./transport/http.js";
import type { ClientOptions, ConnectionState, EventContext, GrelotClient, PreferencesStore } from "./types.js";

/** An event as it was heard. `replayed`: caught up with, up to the `ready` or `reset` that ends it, itself not. */
export type Heard = ServerEvent & EventContext;

/** Something of this user's that is fetched. */
export interface Part {
  /** Fetches it if somebody is looking and it has to be; after a failure only with `retry`. */
  _check(retry?: boolean): void;
  /** Another user: nothing that is known or on its way is for this one. */
  _clear(): void;
}

export interface Core extends Http, Actions {
  readonly _env: Environment;
  readonly _options: ClientOptions;
  /** Whom the answers are given to, once known. */
  _user: string | null;
  _connection: ConnectionState;
  /** Milliseconds between the server's pings. */
  _ping: number;
  _state: State;
  /** The state with what the user has done since. */
  _view: State;
  readonly _parts: Part[];
  readonly _eventHandlers: Set<(event: ServerEvent, context: EventContext) => void>;
  /** After `state` or the actions changed. `soon`: within 50 ms, for what may come in a storm. */
  _commit(soon?: boolean): void;
  /** Something else that a snapshot shows has changed. */
  _show(): void;
  /** Events of the stream or of the leader, known ones among them. */
  _hear(events: readonly Heard[]): void;
  /** How changes reach this browser now. */
  _connected(how: ConnectionState): void;
  /** 401 or 403, after the token was renewed: nobody is signed in, or not any more. */
  _refused(): void;
  subscribe(listener: () => void): () => void;
}

/** The client as its own parts see it, for those that not every page needs. */
export interface Insides extends GrelotClient {
  readonly _core: Core & { preferences?: PreferencesStore };
}

/** The old object where the new one says nothing else. */
export function same<T extends object>(old: T, next: T): T {
  return (Object.keys(next) as (keyof T)[]).every((key) => old[key] === next[key]) ? old : next;
}

/** For a promise whose failure is shown elsewhere too: a caller that does not look must not make the page report it. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

const LONGEST_WAIT = 30_000;

/** The wait after so many failures, with jitter. */
export const backOff = (base: number, failures = 0): number =>
  Math.max(base, Math.min(LONGEST_WAIT, base * 2 ** failures)) * (0.5 + Math.random() / 2);
