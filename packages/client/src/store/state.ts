/**
 * What is known of the inbox, as a pure value: pages and events go in, in any order the network makes of them.
 *
 * Every row carries the seq as of which it is known, so the same event twice, or an event older than a page, changes nothing. A
 * page that was read before events that are in already is shown, and fetched again. A list is no more than how far it has been
 * walked; what it shows are the rows up to there.
 * Not here: what has been asked for and is not confirmed (`view.ts`), requests, listeners.
 */
import type { Notification, Page, ServerEvent, UnreadCount } from "../api/types.js";
import type { ListFilter } from "../types.js";

/** Rows that are kept. One more, and what is looked at is fetched anew. */
const ROWS = 2_000;

interface Row {
  readonly _n: Notification;
  /** The seq as of which `n` is known; negative if it has to be fetched again. */
  readonly _v: number;
  /** It stands among the unread: as it came, so that one that is read now stays where it is. */
  readonly _top: boolean;
}

interface List {
  readonly _next: string | null;
  /** The last one that was walked, as it was then. */
  readonly _end: Row | undefined;
  /** Something belongs in it that is not known: it has to be fetched again. */
  readonly _stale?: boolean;
}

export interface State {
  /** Every change up to here is in; -1 before the first answer. */
  readonly seq: number;
  readonly _unread: number;
  /** The newest seq that anything was read at, the count for one. */
  readonly _seen?: number;
  readonly _rows: Map<string, Row>;
  readonly _lists: Map<string, List>;
}

export const EMPTY: State = { seq: -1, _unread: 0, _rows: new Map(), _lists: new Map() };

/** One that is being made. */
export type Draft = { -readonly [K in keyof State]: State[K] };

/** What an action of the user changes, as an event will tell it. */
export type Change =
  | { readonly id: string; readonly readAt?: string | null }
  | { readonly upToSeq: number; readonly category?: string | null | undefined; readonly readAt: string };

export const draft = (state: State): Draft => ({
  ...state,
  _rows: new Map(state._rows),
  _lists: new Map(state._lists),
});

/** Events as the stream tells them: what is not newer than `seq` has been applied already. */
export function applyEvents(state: State, events: readonly ServerEvent[]): State {
  const d = draft(state);
  for (const event of events) {
    const { seq } = event;
    if (event.event === "reset") {
      // A gap, or another history (a restored database): nothing known is newer than what will be fetched.
      d.seq = d._seen = seq;
      all(d._rows, { _v: -1 });
      stale(d);
    } else if (seq > d.seq) {
      const { _unread: unread } = d;
      d.seq = seq;
      step(d, event.data, seq);
      d._unread = unread;
    }
    if ("unreadCount" in event.data) count(d, event.data);
  }
  return d;
}

/** An answer that says how many are unread. */
export function applyCount(state: State, answer: UnreadCount): State {
  const d = draft(state);
  if (d.seq < 0) d.seq = answer.seq;
  count(d, answer);
  return d;
}

/** A page of the list `key`, its first or (with `append`) its next. */
export function applyPage(state: State, page: Page, key: string, filter: ListFilter, append: boolean): State {
  const d = applyCount(state, page) as Draft;
  const { notifications, nextCursor: next, seq } = page;
  if (!append) for (const [id, { _n: n, _v: v }] of d._rows) if (v < 0 && fits(filter.category, n)) d._rows.delete(id);
  const late = seq < d.seq;
  let end: Row | undefined;
  for (const n of notifications) {
    end = { _n: n, _v: late ? -1 : seq, _top: !n.readAt };
    put(d, end, append);
  }
  d._lists.set(key, { ...(append && d._lists.get(key)), _next: next, _end: end });
  // Any list may show by now what is gone since.
  if (late) stale(d);
  return d;
}

/** What a list shows, in the server's order as it was when they came: unread first, newest first in each. */
export function walked({ _rows: rows, _lists: lists }: State, key: string, filter: ListFilter): Notification[] {
  const list = lists.get(key);
  if (!list) return [];
  const { _next: next, _end: end } = list;
  return [...rows.values()]
    .filter(({ _n: n, _v: v, _top: top }) => {
      if (!fits(filter.category, n) || (filter.status === "unread" && n.readAt)) return false;
      return !next || !end || after(end, { _n: n, _v: v, _top: top || !n.readAt }) >= 0;
    })
    .sort(after)
    .map(({ _n: n }) => n);
}

/** Positive if `a` comes after `b`. */
const after = (a: Row, b: Row): number => +b._top - +a._top || b._n.seq - a._n.seq;

/** Whether an all-read change is about it. */
export const covers = (n: Notification, upToSeq: number, category?: string | null): boolean =>
  !n.readAt && n.seq <= upToSeq && fits(category, n);

const fits = (category: string | null | undefined, n: Notification): boolean => (category ?? n.category) === n.category;

function count(d: Draft, { seq, unreadCount }: UnreadCount): void {
  if (seq < (d._seen ?? seq)) return;
  d._unread = unreadCount;
  d._seen = seq;
}

const stale = (d: Draft): void => all(d._lists, { _stale: true });

function all<T>(map: Map<string, T>, change: Partial<T>): void {
  for (const [key, value] of map) map.set(key, { ...value, ...change });
}

/** In its place if it has one and `keeps` it. */
function put(d: Draft, row: Row, keeps?: boolean): void {
  const { _n: n, _v: v, _top: top } = row;
  const old = d._rows.get(n.id);
  if (!old) d._rows.set(n.id, row);
  // The same object while it says the same, so that it is not rendered again.
  else if (old._v < v)
    d._rows.set(n.id, { _n: old._n.readAt === n.readAt ? old._n : n, _v: v, _top: keeps ? old._top : top });
}

/**
 * Does to the rows what was said as of `seq`, which is beyond all others for what the user did; and to the count, as far as it
 * can be told from them.
 */
export function step(d: Draft, data: ServerEvent["data"] | Change | Record<string, never>, seq: number): void {
  const turn = (id: string, readAt: string | null): void => {
    const row = d._rows.get(id);
    if (!row) {
      if (!readAt) stale(d);
    } else if (row._v <= seq) {
      d._unread += +!readAt - +!row._n.readAt;
      // One that has to be fetched again still has to be.
      d._rows.set(id, { ...row, _n: turned(row._n, readAt), _v: row._v < 0 ? -1 : seq });
    }
  };
  if ("notification" in data) {
    if (d._lists.size) put(d, { _n: data.notification, _v: seq, _top: !data.notification.readAt });
    if (d._rows.size > ROWS) {
      d._rows.clear();
      stale(d);
    }
  } else if ("upToSeq" in data) {
    const { upToSeq, category, readAt } = data;
    for (const [id, { _n: n }] of d._rows) if (covers(n, upToSeq, category)) turn(id, readAt);
    // Also those that were never loaded: only what came afterwards is left.
    if (!category) d._unread = [...d._rows.values()].filter(({ _n: n }) => !n.readAt).length;
  } else if ("readAt" in data) turn(data.id, data.readAt);
  else if ("id" in data) {
    d._unread -= +(d._rows.get(data.id)?._n.readAt === null);
    d._rows.delete(data.id);
  }
}

const memory = new WeakMap<Notification, Notification>();

/** The same object for the same change, so that what did not change is not rendered again. */
function turned(n: Notification, readAt: string | null): Notification {
  let next = memory.get(n);
  if (next?.readAt !== readAt) {
    next = { ...n, readAt };
    memory.set(n, next);
  }
  return next;
}
