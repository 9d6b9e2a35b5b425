/**
 * The reducer by properties: whatever the network makes of pages and events, what is shown ends as what the server has.
 *
 * Not here: requests and time.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Page, ServerEvent } from "../src/api/types.js";
import { applyCount, applyEvents, applyPage, EMPTY, type State, walked } from "../src/store/state.js";
import { overlay, remove, turn, turnAll } from "../src/store/view.js";
import type { ListFilter } from "../src/types.js";
import { Inbox } from "./support/server.js";

const CATEGORIES = [null, "billing", "team"];

/** One thing that happens on the server; numbers pick among what is there. */
const change = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("create" as const), n: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("read" as const), n: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("unread" as const), n: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), n: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("readAll" as const), n: fc.nat(8) }) },
);

function apply(
  inbox: Inbox,
  { do: what, n }: { do: "create" | "read" | "unread" | "delete" | "readAll"; n: number },
): void {
  const ids = [...inbox.rows.keys()];
  const id = ids[n % Math.max(1, ids.length)] ?? "none";
  if (what === "create") inbox.create({ category: CATEGORIES[n] ?? null });
  else if (what === "read") inbox.turn(id, true);
  else if (what === "unread") inbox.turn(id, false);
  else if (what === "delete") inbox.delete(id);
  else inbox.readAll(Math.max(0, inbox.seq - n), CATEGORIES[n % 3] ?? null);
}

const page = (inbox: Inbox, { status = "all", category }: ListFilter = {}): Page => ({
  notifications: inbox
    .list()
    .filter((n) => (status === "all" || !n.readAt) && (category === undefined || n.category === category)),
  nextCursor: null,
  unreadCount: inbox.unread,
  seq: inbox.seq,
});

const load = (state: State, key: string, filter: ListFilter, page: Page, append = false): State =>
  applyPage(state, page, key, filter, append);

const ids = (state: State, key: string, filter: ListFilter = {}): string[] =>
  walked(state, key, filter).map(({ id }) => id);

const shown = (state: State, key: string, filter: ListFilter = {}): string[] =>
  walked(overlay(state, []), key, filter).map(({ id, readAt }) => `${id} ${readAt !== null}`);

const FILTERS: ListFilter[] = [
  {},
  { status: "unread" },
  { category: "billing" },
  { category: "billing", status: "unread" },
];
const key = (filter: ListFilter): string => JSON.stringify(filter);

/** Everything the state says equals what the server would answer now; a list that calls itself stale is fetched first. */
function agrees(state: State, inbox: Inbox): void {
  expect(state._unread).toBe(inbox.unread);
  for (const filter of FILTERS) {
    let now = state;
    if (!now._lists.has(key(filter))) continue;
    if (now._lists.get(key(filter))?._stale) now = load(now, key(filter), filter, page(inbox, filter));
    const expected = page(inbox, filter).notifications.map((n) => `${n.id} ${n.readAt !== null}`);
    expect(shown(now, key(filter), filter).sort()).toEqual(expected.sort());
  }
}

describe("the state", () => {
  test("follows any history, with pages that arrive late and events that are told again", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            { weight: 6, arbitrary: change },
            { weight: 1, arbitrary: fc.record({ do: fc.constant("ask" as const), n: fc.nat(3) }) },
            { weight: 1, arbitrary: fc.record({ do: fc.constant("arrive" as const), n: fc.nat(5) }) },
            { weight: 2, arbitrary: fc.record({ do: fc.constant("hear" as const), n: fc.nat(6) }) },
            { weight: 1, arbitrary: fc.record({ do: fc.constant("again" as const), n: fc.nat(12) }) },
          ),
          { maxLength: 60 },
        ),
        (steps) => {
          const inbox = new Inbox("ada");
          inbox.create();
          let state = applyCount(EMPTY, { seq: inbox.seq, unreadCount: inbox.unread });
          let heard = inbox.log.length;
          const travelling: { filter: ListFilter; page: Page }[] = [];
          const hear = (until: number): void => {
            state = applyEvents(state, inbox.log.slice(heard, until));
            heard = Math.max(heard, Math.min(until, inbox.log.length));
          };
          const arrive = (at: number): void => {
            const [got] = travelling.splice(at % Math.max(1, travelling.length), 1);
            if (got) state = load(state, key(got.filter), got.filter, got.page);
          };
          for (const step of steps) {
            if (step.do === "ask") {
              // Only one request of a list is ever listened to.
              const filter = FILTERS[step.n] ?? {};
              const known = travelling.findIndex((each) => each.filter === filter);
              if (known >= 0) travelling.splice(known, 1);
              travelling.push({ filter, page: page(inbox, filter) });
            } else if (step.do === "arrive") arrive(step.n);
            else if (step.do === "hear") hear(heard + step.n);
            else if (step.do === "again")
              state = applyEvents(state, inbox.log.slice(Math.max(0, heard - step.n), heard));
            else apply(inbox, step);
          }
          while (travelling.length) arrive(0);
          hear(inbox.log.length);
          agrees(state, inbox);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test("ends in the server's state after a loss, by replay from its cursor or by reset", () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 20 }),
        fc.array(change, { maxLength: 20 }),
        fc.array(change, { maxLength: 20 }),
        fc.boolean(),
        (before, lost, after, pruned) => {
          const inbox = new Inbox("ada");
          for (const each of before) apply(inbox, each);
          let state = EMPTY;
          for (const filter of FILTERS) state = load(state, key(filter), filter, page(inbox, filter));
          for (const each of lost) apply(inbox, each);
          if (pruned) inbox.pruned = inbox.seq;
          const replay = inbox.since(state.seq);
          const { seq, unread: unreadCount } = inbox;
          const end: ServerEvent = replay
            ? { event: "ready", seq, data: { seq, unreadCount, resumed: true } }
            : { event: "reset", seq, data: { seq, unreadCount } };
          state = applyEvents(state, [...(replay ?? []), end]);
          const mark = inbox.log.length;
          for (const each of after) apply(inbox, each);
          state = applyEvents(state, inbox.log.slice(mark));
          expect(state.seq).toBe(inbox.seq);
          agrees(state, inbox);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("keeps the server's order while new ones arrive", () => {
    const inbox = new Inbox("ada");
    for (let n = 0; n < 5; n++) inbox.create();
    inbox.turn("ada-4", true);
    let state = load(EMPTY, "all", {}, page(inbox));
    const mark = inbox.log.length;
    inbox.create();
    inbox.create();
    state = applyEvents(state, inbox.log.slice(mark));
    expect(ids(state, "all")).toEqual(inbox.list().map(({ id }) => id));
  });

  test("keeps one that was read where it is", () => {
    const inbox = new Inbox("ada");
    for (let n = 0; n < 3; n++) inbox.create();
    let state = load(EMPTY, "all", {}, page(inbox));
    const order = ids(state, "all");
    const mark = inbox.log.length;
    inbox.turn("ada-3", true);
    state = applyEvents(state, inbox.log.slice(mark));
    expect(ids(state, "all")).toEqual(order);
  });

  test("the same event twice is the same state, and keeps its objects", () => {
    const inbox = new Inbox("ada");
    inbox.create();
    const loaded = load(EMPTY, "all", {}, page(inbox));
    inbox.turn("ada-1", true);
    const once = applyEvents(loaded, inbox.log);
    const twice = applyEvents(once, inbox.log);
    expect(twice).toEqual(once);
    expect(twice._rows.get("ada-1")?._n).toBe(once._rows.get("ada-1")?._n);
  });

  test("a reset to a lower seq is another history: what was known gives way", () => {
    const inbox = new Inbox("ada");
    for (let n = 0; n < 3; n++) inbox.create();
    let state = load(EMPTY, "all", {}, page(inbox));
    const restored = new Inbox("ada");
    restored.create();
    restored.turn("ada-1", true);
    state = applyEvents(state, [{ event: "reset", seq: 2, data: { seq: 2, unreadCount: 0 } }]);
    expect(state._lists.get("all")?._stale).toBe(true);
    state = load(state, "all", {}, page(restored));
    expect(shown(state, "all")).toEqual(["ada-1 true"]);
    expect(state.seq).toBe(2);
  });

  test("more rows than are kept: what is looked at is fetched anew", () => {
    const inbox = new Inbox("ada");
    let state = load(EMPTY, "all", {}, page(inbox));
    for (let n = 0; n < 2_001; n++) inbox.create();
    state = applyEvents(state, inbox.log);
    expect(state._rows.size).toBeLessThanOrEqual(2_000);
    expect(state._lists.get("all")?._stale).toBe(true);
    expect(state._unread).toBe(2_001);
    agrees(load(state, "all", {}, page(inbox)), inbox);
  });

  test("a list shows nothing beyond where it was walked to, though other lists know it", () => {
    const inbox = new Inbox("ada");
    for (let n = 0; n < 6; n++) inbox.create({ category: n < 2 ? "billing" : null });
    const full = page(inbox);
    const first: Page = { ...full, notifications: full.notifications.slice(0, 2), nextCursor: "2" };
    let state = load(EMPTY, "billing", { category: "billing" }, page(inbox, { category: "billing" }));
    state = load(state, "all", {}, first);
    expect(ids(state, "all")).toEqual(["ada-6", "ada-5"]);
    state = load(state, "all", {}, { ...full, notifications: full.notifications.slice(2) }, true);
    expect(ids(state, "all")).toEqual(full.notifications.map(({ id }) => id));
  });

  test("without any list nothing is kept but the count", () => {
    const inbox = new Inbox("ada");
    const state = applyCount(EMPTY, { seq: 0, unreadCount: 0 });
    inbox.create();
    expect(applyEvents(state, inbox.log)).toMatchObject({ _unread: 1, _rows: new Map() });
  });
});

describe("what the user has done", () => {
  const at = "2026-11-24T10:00:00.000Z";
  const loaded = (): { inbox: Inbox; state: State } => {
    const inbox = new Inbox("ada");
    for (let n = 0; n < 4; n++) inbox.create({ category: n % 2 ? "billing" : null });
    return { inbox, state: load(EMPTY, "all", {}, page(inbox)) };
  };

  test("is laid over the state and counted, each once", () => {
    const { state } = loaded();
    const view = overlay(state, [turn("ada-1", at), turn("ada-1", at), remove("ada-2"), turn("unknown", at)]);
    expect(view._unread).toBe(2);
    expect(view._rows.get("ada-1")?._n.readAt).toBe(at);
    expect(view._rows.get("ada-2")).toBeUndefined();
    expect(overlay(state, [])._unread).toBe(4);
  });

  test("counts nothing twice once the state has it too", () => {
    const { inbox, state } = loaded();
    const mark = inbox.log.length;
    inbox.turn("ada-1", true);
    const told = applyEvents(state, inbox.log.slice(mark));
    expect(overlay(told, [turn("ada-1", at)])._unread).toBe(inbox.unread);
  });

  test("read all leaves what came after it, and keeps to its category", () => {
    const { inbox, state } = loaded();
    inbox.create();
    const later = applyEvents(state, inbox.log);
    expect(overlay(later, [turnAll(4, undefined, at)])._unread).toBe(1);
    expect(overlay(later, [turnAll(4, "billing", at)])._unread).toBe(3);
  });

  test("gives the same objects for the same actions", () => {
    const { state } = loaded();
    const ops = [turn("ada-1", at)];
    expect(overlay(state, ops)._rows.get("ada-1")?._n).toBe(overlay(state, ops)._rows.get("ada-1")?._n);
  });
});
