/** The toasts: which are shown, for how long, and what a screen reader hears. */
import { describe, expect, test } from "vitest";
import { userEvent } from "vitest/browser";
import { Bell, Toaster } from "../../src/index.js";
import { part, parts, stage, until } from "../support/stage.js";

describe("the toaster", () => {
  const it = stage();
  /** Shown, and connected: what comes from here on is news. */
  const open = async (duration = 5_000): Promise<void> => {
    it.show(
      <>
        <Bell />
        <Toaster duration={duration} />
      </>,
    );
    await until(() => expect(it.server.streams.size).toBe(1));
  };
  const polite = (): string | null | undefined => document.querySelector("[aria-live=polite]")?.textContent;

  test("what was there before is no news; what comes is shown with its type, and said", async () => {
    it.inbox.create({ title: "Old" });
    await open();
    const { id } = it.inbox.create({ title: "Invoice ready", body: "March", type: "SUCCESS" });
    await until(() => expect(parts("toast")).toHaveLength(1));
    expect(part("toast")?.dataset).toMatchObject({ id, type: "SUCCESS" });
    expect(part("toast")?.textContent).toContain("March");
    expect(polite()).toBe("New notification: Invoice ready");
    expect(part("toaster")?.matches(":popover-open")).toBe(true);
  });

  test("goes by itself, but not while one of them is pointed at, and an error not at all", async () => {
    await open(300);
    it.inbox.create({ title: "Brief" });
    await until(() => expect(parts("toast")).toHaveLength(1));
    await until(() => expect(parts("toast")).toHaveLength(0));
    it.inbox.create({ title: "Grave", type: "ERROR" });
    await until(() => expect(parts("toast")).toHaveLength(1));
    expect(document.querySelector("[aria-live=assertive]")?.textContent).toBe("New notification: Grave");
    await userEvent.hover(part("toast") as HTMLElement);
    it.inbox.create({ title: "Held" });
    await until(() => expect(parts("toast")).toHaveLength(2));
    const later = performance.now() + 600;
    await until(() => expect(performance.now()).toBeGreaterThan(later));
    expect(parts("toast")).toHaveLength(2);
    await userEvent.unhover(part("toast") as HTMLElement);
    await until(() => expect(parts("toast")).toHaveLength(1));
    const last = performance.now() + 600;
    await until(() => expect(performance.now()).toBeGreaterThan(last));
    expect(part("toast")?.textContent).toContain("Grave");
  });

  test("is dismissed by its button and by Escape, and not by Escape for an open popover", async () => {
    await open();
    it.inbox.create({ title: "A" });
    it.inbox.create({ title: "B" });
    await until(() => expect(parts("toast")).toHaveLength(2));
    part("toast-close")?.click();
    await until(() => expect(parts("toast")).toHaveLength(1));
    expect(part("toast")?.textContent).toContain("A");
    await userEvent.click(part("bell") as HTMLElement);
    await until(() => expect(part("inbox")).not.toBeNull());
    await userEvent.keyboard("{Escape}");
    await until(() => expect(part("inbox")).toBeNull());
    expect(parts("toast")).toHaveLength(1);
    await userEvent.keyboard("{Escape}");
    await until(() => expect(parts("toast")).toHaveLength(0));
  });

  test("vanishes when it is read elsewhere", async () => {
    await open();
    const { id } = it.inbox.create();
    await until(() => expect(parts("toast")).toHaveLength(1));
    it.inbox.turn(id, true);
    await until(() => expect(parts("toast")).toHaveLength(0));
  });

  test("three are seen at once, the newest of them", async () => {
    await open();
    for (const title of ["A", "B", "C", "D"]) {
      it.inbox.create({ title });
      const next = performance.now() + 400;
      await until(() => expect(performance.now()).toBeGreaterThan(next));
    }
    await until(() => expect(part("toast")?.textContent).toContain("D"));
    expect(parts("toast")).toHaveLength(3);
  });

  test("a storm is one toast, which goes when all are read", async () => {
    await open();
    for (let each = 0; each < 12; each++) it.inbox.create({ title: `N ${each}` });
    await until(() => expect(part("toast")?.textContent).toContain("+12 notifications"));
    expect(parts("toast")).toHaveLength(1);
    it.inbox.readAll();
    await until(() => expect(parts("toast")).toHaveLength(0));
  });

  test("following its link marks it as read", async () => {
    const followed: string[] = [];
    it.show(<Toaster />, { onNavigate: (href) => followed.push(href) });
    await until(() => expect(it.server.streams.size).toBe(1));
    const { id } = it.inbox.create({ link: "/invoices/42" });
    await until(() => expect(parts("toast")).toHaveLength(1));
    part("toast")?.querySelector("a")?.click();
    await until(() => expect(it.inbox.rows.get(id)?.readAt).toBeTruthy());
    expect(followed).toEqual(["/invoices/42"]);
    expect(parts("toast")).toHaveLength(0);
  });
});
