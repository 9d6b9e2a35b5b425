/** What is pure: days, times, links, and which toasts there are. */
import type { Notification } from "@grelot/client";
import { describe, expect, test } from "vitest";
import { createTimes } from "../../src/i18n/times.js";
import { byDay } from "../../src/lib/groups.js";
import { safeLink } from "../../src/lib/link.js";
import { reduceToasts, type Toast } from "../../src/lib/toasts.js";

const notification = (seq: number, over: Partial<Notification> = {}): Notification => ({
  id: `n${seq}`,
  userId: "ada",
  seq,
  type: "INFO",
  category: null,
  title: `Title ${seq}`,
  body: null,
  link: null,
  data: null,
  readAt: null,
  createdAt: "2026-11-24T10:00:00.000Z",
  ...over,
});

describe("days", () => {
  const name = (instant: string, again: boolean): string => `${again ? "again " : ""}${instant.slice(0, 10)}`;
  const shape = (list: readonly Notification[]): unknown =>
    byDay(list, name).map(({ _name: name, _start: start, _notifications: notifications }) => [
      name,
      start,
      notifications.length,
    ]);

  test("one group a day", () => {
    const old = "2026-11-23T10:00:00.000Z";
    expect(shape([notification(3), notification(2), notification(1, { createdAt: old })])).toEqual([
      ["2026-11-24", 0, 2],
      ["2026-11-23", 2, 1],
    ]);
  });

  test("they begin anew where the read ones do", () => {
    expect(shape([notification(3), notification(1), notification(4), notification(2)])).toEqual([
      ["2026-11-24", 0, 2],
      ["again 2026-11-24", 2, 2],
    ]);
  });

  test("one that was read in place does not part its group", () => {
    const readAt = "2026-11-24T11:00:00.000Z";
    expect(shape([notification(3), notification(2, { readAt }), notification(1)])).toHaveLength(1);
  });

  test("keys are not repeated, whatever clocks the rows were written by", () => {
    const [a, b] = ["2026-11-24T10:00:00.000Z", "2026-11-23T10:00:00.000Z"];
    const list = [4, 3, 2, 1].map((seq) => notification(seq, { createdAt: seq % 2 ? a : b }));
    const keys = byDay(list, name).map(({ _key: key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("times", () => {
  const now = Date.parse("2026-11-24T10:00:00.000Z");
  const at = (past: number): string => new Date(now - past).toISOString();
  const [minute, hour] = [60_000, 3_600_000];

  test("in words, coarser as it goes by, in any language", () => {
    const english = createTimes("en");
    expect([0, 90_000, 2 * hour, 25 * hour].map((past) => english._ago(at(past), now))).toEqual([
      "now",
      "1 min. ago",
      "2 hr. ago",
      "yesterday",
    ]);
    expect(english._ago(at(8 * 24 * hour), now)).toBe("November 16, 2026");
    expect(createTimes("fr")._ago(at(5 * minute), now)).toMatch(/^il y a 5\s?min$/);
  });

  test("a clock that is behind speaks of no future", () => {
    expect(createTimes("en")._ago(at(-hour), now)).toBe("now");
    expect(createTimes("en")._day(at(-48 * hour), now)).toBe("today");
  });
});

describe("links", () => {
  test("only those that lead somewhere harmless", () => {
    const good = ["/invoices/1", "/", "https://a.test/x", "http://a.test", "mailto:a@b.test", "HTTPS://a.test"];
    expect(good.map(safeLink)).toEqual(good);
    const bad = [
      "javascript:alert(1)",
      "//a.test",
      "/\\a.test",
      "/\t/a.test",
      "\njavascript:x",
      "data:x",
      "invoices",
      "",
    ];
    expect(bad.map(safeLink)).toEqual(bad.map(() => undefined));
    expect(safeLink(null)).toBeUndefined();
  });
});

describe("toasts", () => {
  const arrive = (
    toasts: readonly Toast[],
    seq: number,
    at: number,
    over: Partial<Notification> = {},
  ): readonly Toast[] =>
    reduceToasts(toasts, { event: { kind: "notification", notification: notification(seq, over) }, at });
  const counts = (toasts: readonly Toast[]): number[] => toasts.map(({ count }) => count);

  test("a few are each their own, many at once are one, which goes on counting", () => {
    let toasts: readonly Toast[] = [];
    for (const seq of [1, 2, 3]) toasts = arrive(toasts, seq, 0);
    expect(counts(toasts)).toEqual([1, 1, 1]);
    for (const seq of [4, 5, 6]) toasts = arrive(toasts, seq, 500);
    expect(counts(toasts)).toEqual([6]);
    expect(toasts[0]?.notification?.id).toBe("n6");
    // Later is another matter.
    expect(counts(arrive(toasts, 7, 5_000))).toEqual([1, 6]);
  });

  test("an error in a storm makes it one that stays", () => {
    let toasts: readonly Toast[] = arrive([], 1, 0, { type: "ERROR" });
    for (const seq of [2, 3, 4]) toasts = arrive(toasts, seq, 0);
    expect(toasts.map(({ type }) => type)).toEqual(["ERROR"]);
  });

  test("an absence is one toast, of its one notification if there was only one", () => {
    const summary = (count: number): readonly Toast[] =>
      reduceToasts([], { event: { kind: "summary", count, notifications: [notification(9)] }, at: 0 });
    expect(summary(12)[0]).toMatchObject({ count: 12, type: "INFO" });
    expect(summary(1)[0]).toMatchObject({ count: 1, key: "n9" });
  });

  test("what is dismissed goes: some, or all", () => {
    const toasts = arrive(arrive([], 1, 0), 2, 0);
    const gone = (ids: string[] | null): number =>
      reduceToasts(toasts, { event: { kind: "dismiss", ids }, at: 0 }).length;
    expect([gone(["n1"]), gone(["n7"]), gone(null)]).toEqual([1, 2, 0]);
    expect(reduceToasts(toasts, { close: "n2" }).map(({ key }) => key)).toEqual(["n1"]);
  });

  test("when nothing is unread any more all go, an error from before a storm included", () => {
    let toasts = arrive([], 1, 0, { type: "ERROR" });
    for (let seq = 2; seq < 50; seq++) toasts = arrive(toasts, seq, 5_000);
    expect(counts(toasts)).toEqual([48, 1]);
    expect(reduceToasts(toasts, { close: undefined })).toEqual([]);
  });

  test("however long nobody looks, they are a bounded number", () => {
    let toasts: readonly Toast[] = [];
    for (let seq = 0; seq < 100; seq++) toasts = arrive(toasts, seq, seq * 10_000);
    expect(toasts).toHaveLength(20);
  });
});
