/**
 * What is known of the inbox, as a pure value: pages and events go in, in any order the network makes of them.
 *
 * Every row carries the seq as of which it is known, so the same event twice, or an event older than a page, changes nothing. A
 * page is read at one seq and may arrive late: the events since then are kept in a log and applied to it again.
 * Not here: what has been asked for and is not confirmed (`ops.ts`), requests, listeners.
 */
import type { Notification, Page, Preferences, ServerEvent, UnreadCount } from "../api/types.js";
import type { ListFilter } from "../types.js";

const LOG_LENGTH = 500;
/** A list that events alone have made longer than this is cut and fetched anew. */
const LIST_LENGTH = 1_000;

interface Row {
  readonly n: Notification;
  /** The seq as of which `n` is known. */
  readonly v: number;
}

interface List {
  readonly filter: ListFilter;
  readonly ids: readonly string[];
  readonly next: string | null;
  /** Something belongs in it that is not known: it has to be fetched again. */
  readonly stale: boolean;
}

export interface State {
  /** Every change up to here is in; -1 before the first answer. */
  readonly seq: number;
  readonly unread: number;
  /** The newest seq that anything was read at, the count for one. */
  readonly seen: number;
  readonly rows: ReadonlyMap<string, Row>;
  readonly lists: ReadonlyMap<string, List>;
  /** The last events, all since `logFrom`. */
  readonly log: readonly ServerEvent[];
  readonly logFrom: number;
  readonly prefs: Preferences | null;
  readonly prefsStale: boolean;
}

export const EMPTY: State = {
  seq: -1,
  unread: 0,
  seen: -1,
  rows: new Map(),
  lists: new Map(),
  log: [],
  logFrom: -1,
  prefs: null,
  prefsStale: false,
};

type Draft = { -readonly [K in keyof State]: State[K] } & {
  rows: Map<string, Row>;
  lists: Map<string, List>;
  log: ServerEvent[];
};

const draft = (state: State): Draft => ({
  ...state,
  rows: new Map(state.rows),
  lists: new Map(state.lists),
  log: [...state.log],
});

/** Events as the stream tells them: what is not newer than `seq` has been applied already. */
export function applyEvents(state: State, events: readonly ServerEvent[]): State {
  const d = draft(state);
  for (const event of events) {
    const { seq } = event;
    if (event.event === "reset") reset(d, seq);
    else if (seq > d.seq) {
      d.seq = seq;
      d.log.push(event);
      step(d, event);
    }
    if ("unreadCount" in event.data) count(d, event.data);
  }
  for (const { seq } of d.log.splice(0, d.log.length - LOG_LENGTH)) d.logFrom = seq;
  return d;
}

/** An answer that says how many are unread: with `list`, a page of it, its first or (with `append`) its next. */
export function applyAnswer(
  state: State,
  answer: UnreadCount,
  list?: { readonly key: string; readonly filter: ListFilter; readonly page: Page; readonly append: boolean },
): State {
  const d = draft(state);
  const { seq } = answer;
  if (d.seq < 0) d.seq = d.logFrom = seq;
  count(d, answer);
  if (!list) return d;
  const { key, filter, page, append } = list;
  const ids = new Set((append && d.lists.get(key)?.ids) || []);
  for (const n of page.notifications) {
    ids.add(n.id);
    put(d, n, seq);
  }
  d.lists.set(key, { filter, ids: [...ids], next: page.nextCursor, stale: seq < d.logFrom });
  for (const event of d.log) if (event.seq > seq) step(d, event);
  // What no list holds any more is let go.
  const used = new Set([...d.lists.values()].flatMap((each) => each.ids));
  for (const id of d.rows.keys()) if (!used.has(id)) d.rows.delete(id);
  return d;
}

/** Whether a list shows it now. */
export const shows = ({ status }: ListFilter, n: Notification): boolean => status !== "unread" || !n.readAt;

/** Whether an all-read change is about it. */
export const covers = (n: Notification, upToSeq: number, category?: string | null): boolean =>
  !n.readAt && n.seq <= upToSeq && (category ?? n.category) === n.category;

function count(d: Draft, { seq, unreadCount }: UnreadCount): void {
  if (seq < d.seen) return;
  d.unread = unreadCount;
  d.seen = seq;
}

/** There is a gap, or another history (a restored database): nothing that is known is newer than what will be fetched. */
function reset(d: Draft, seq: number): void {
  d.seq = d.seen = d.logFrom = seq;
  d.log = [];
  d.prefsStale = true;
  for (const [id, { n }] of d.rows) d.rows.set(id, { n, v: -1 });
  for (const [key, list] of d.lists) d.lists.set(key, { ...list, stale: true });
}

function put(d: Draft, n: Notification, v: number): void {
  const row = d.rows.get(n.id);
  // The same object while it says the same, so that it is not rendered again.
  if (!row || row.v < v) d.rows.set(n.id, { n: row?.n.readAt === n.readAt ? row.n : n, v });
}

function step(d: Draft, event: ServerEvent): void {
  const { seq } = event;
  if (event.event === "notification.created") {
    const { notification } = event.data;
    for (const [key, list] of d.lists) {
      if (shows(list.filter, notification)) insert(d, key, list, notification, seq);
    }
  } else if (event.event === "notification.read" || event.event === "notification.unread") {
    turn(d, event.data.id, event.data.readAt, seq);
  } else if (event.event === "notification.all_read") {
    const { upToSeq, category, readAt } = event.data;
    for (const [id, { n }] of d.rows) if (covers(n, upToSeq, category)) turn(d, id, readAt, seq);
  } else if (event.event === "notification.deleted") {
    const { id } = event.data;
    d.rows.delete(id);
    for (const [key, list] of d.lists) {
      if (list.ids.includes(id)) d.lists.set(key, { ...list, ids: list.ids.filter((each) => each !== id) });
    }
  } else if (event.event === "preferences.updated") d.prefsStale = true;
}

/** A row becomes read or unread. An unread one that a list does not have was read when it was walked, or lies behind. */
function turn(d: Draft, id: string, readAt: string | null, seq: number): void {
  const row = d.rows.get(id);
  if (row) put(d, { ...row.n, readAt }, seq);
  if (readAt) return;
  for (const [key, list] of d.lists) {
    if (row) insert(d, key, list, { ...row.n, readAt }, seq);
    else d.lists.set(key, { ...list, stale: true });
  }
}

/** Into a list that it fits and that does not have it, at its place in the server's order: unread first, newest first in each. */
function insert(d: Draft, key: string, list: List, n: Notification, v: number): void {
  if (list.ids.includes(n.id) || (list.filter.category ?? n.category) !== n.category) return;
  put(d, n, v);
  const at = list.ids.findIndex((id) => {
    const other = d.rows.get(id)?.n;
    return other && (!n.readAt === !other.readAt ? other.seq < n.seq : !n.readAt);
  });
  const ids = [...list.ids];
  ids.splice(at < 0 ? ids.length : at, 0, n.id);
  const stale = list.stale || ids.length > LIST_LENGTH;
  d.lists.set(key, { ...list, ids: ids.slice(0, LIST_LENGTH), stale });
}
