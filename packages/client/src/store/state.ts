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
  /** The newest seq that anything shown was read at. */
  readonly seen: number;
  readonly unread: number;
  readonly unreadAt: number;
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
  seen: -1,
  unread: 0,
  unreadAt: -1,
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
  const next = draft(state);
  for (const event of events) {
    if (event.event === "reset" || (event.event === "ready" && !event.data.resumed && event.seq !== next.seq)) {
      reset(next, event.data);
    } else if (event.seq > next.seq) {
      next.seq = event.seq;
      next.log.push(event);
      step(next, event);
    }
    if ("unreadCount" in event.data) count(next, event.data);
  }
  const excess = next.log.length - LOG_LENGTH;
  if (excess > 0) {
    next.logFrom = next.log[excess - 1]?.seq ?? next.seq;
    next.log = next.log.slice(excess);
  }
  return next;
}

/** The count alone. */
export function applyCount(state: State, answer: UnreadCount): State {
  const next = draft(state);
  begin(next, answer.seq);
  count(next, answer);
  return next;
}

/** A page of the list `key`: its first, or (with `append`) its next. */
export function applyPage(state: State, key: string, filter: ListFilter, page: Page, append: boolean): State {
  const next = draft(state);
  const { seq } = page;
  begin(next, seq);
  count(next, page);
  next.seen = Math.max(next.seen, seq);
  for (const n of page.notifications) put(next, n, seq);
  const before = append ? (next.lists.get(key)?.ids ?? []) : [];
  next.lists.set(key, {
    filter,
    ids: [...new Set([...before, ...page.notifications.map(({ id }) => id)])],
    next: page.nextCursor,
    stale: seq < next.logFrom,
  });
  for (const event of next.log) if (event.seq > seq) step(next, event);
  const used = new Set([...next.lists.values()].flatMap(({ ids }) => ids));
  for (const id of next.rows.keys()) if (!used.has(id)) next.rows.delete(id);
  return next;
}

export const applyPreferences = (state: State, prefs: Preferences): State => ({ ...state, prefs, prefsStale: false });

/** Whether a list shows it now. */
export const shows = ({ status = "all" }: ListFilter, n: Notification): boolean =>
  status === "all" || (status === "unread") === !n.readAt;

/** Whether an all-read change is about it. */
export const covers = (upToSeq: number, category: string | null | undefined, n: Notification): boolean =>
  !n.readAt && n.seq <= upToSeq && (category == null || n.category === category);

const fits = ({ category, type }: ListFilter, n: Notification): boolean =>
  (category === undefined || n.category === category) && (type === undefined || n.type === type);

function begin(d: Draft, seq: number): void {
  if (d.seq < 0) d.seq = d.seen = d.logFrom = seq;
}

function count(d: Draft, { seq, unreadCount }: UnreadCount): void {
  if (seq < d.unreadAt) return;
  d.unread = unreadCount;
  d.unreadAt = seq;
}

/** There is a gap, or another history (a restored database): nothing that is known is newer than what will be fetched. */
function reset(d: Draft, { seq }: UnreadCount): void {
  d.seq = d.seen = d.unreadAt = d.logFrom = seq;
  d.log = [];
  d.prefsStale = true;
  for (const [id, { n }] of d.rows) d.rows.set(id, { n, v: -1 });
  for (const [key, list] of d.lists) d.lists.set(key, { ...list, stale: true });
}

function put(d: Draft, n: Notification, v: number): void {
  const row = d.rows.get(n.id);
  if (!row || row.v < v) d.rows.set(n.id, { n: row && row.n.readAt === n.readAt ? row.n : n, v });
}

function step(d: Draft, event: ServerEvent): void {
  const { seq } = event;
  d.seen = Math.max(d.seen, seq);
  switch (event.event) {
    case "notification.created": {
      const { notification } = event.data;
      for (const [key, list] of d.lists) {
        if (!fits(list.filter, notification) || !shows(list.filter, notification)) continue;
        put(d, notification, seq);
        insert(d, key, list, notification);
      }
      break;
    }
    case "notification.read":
    case "notification.unread":
      turn(d, event.data.id, event.data.readAt, seq);
      break;
    case "notification.all_read": {
      const { upToSeq, category, readAt } = event.data;
      for (const [id, { n }] of d.rows) if (covers(upToSeq, category, n)) turn(d, id, readAt, seq);
      for (const [key, list] of d.lists) if (list.filter.status === "read") d.lists.set(key, { ...list, stale: true });
      break;
    }
    case "notification.deleted": {
      const { id } = event.data;
      d.rows.delete(id);
      for (const [key, list] of d.lists) {
        if (list.ids.includes(id)) d.lists.set(key, { ...list, ids: list.ids.filter((each) => each !== id) });
      }
      break;
    }
    case "preferences.updated":
      d.prefsStale = true;
  }
}

/** A row becomes read or unread, which may bring it into lists that did not have it. */
function turn(d: Draft, id: string, readAt: string | null, seq: number): void {
  const row = d.rows.get(id);
  if (row && row.v < seq) d.rows.set(id, { n: { ...row.n, readAt }, v: seq });
  for (const [key, list] of d.lists) {
    const { status = "all" } = list.filter;
    // A read one that is not in the list of all has not been walked yet, and will be; an unread one was, or lies behind.
    if (list.ids.includes(id) || status === (readAt ? "unread" : "read") || (readAt && status === "all")) continue;
    if (!row) d.lists.set(key, { ...list, stale: true });
    else if (fits(list.filter, row.n)) insert(d, key, list, { ...row.n, readAt });
  }
}

/** At its place in the server's order: unread first, newest first in each. */
function insert(d: Draft, key: string, list: List, { id, seq, readAt }: Notification): void {
  if (list.ids.includes(id)) return;
  const at = list.ids.findIndex((each) => {
    const other = d.rows.get(each)?.n;
    return other && (!readAt === !other.readAt ? other.seq < seq : !readAt);
  });
  const ids = [...list.ids];
  ids.splice(at < 0 ? ids.length : at, 0, id);
  const long = ids.length > LIST_LENGTH;
  d.lists.set(key, { ...list, ids: long ? ids.slice(0, LIST_LENGTH) : ids, stale: list.stale || long });
}
