/** The bell and its inbox, in a browser: what is seen, pressed and heard of. */
import { describe, expect, test, vi } from "vitest";
import { userEvent } from "vitest/browser";
import { Bell, fr, Inbox } from "../../src/index.js";
import { part, parts, stage, titles, until } from "../support/stage.js";

describe("the bell", () => {
  const it = stage();

  test("counts, and says so", async () => {
    it.inbox.create();
    it.show(<Bell />);
    await until(() => expect(part("badge")?.textContent).toBe("1"));
    it.inbox.create();
    await until(() => expect(part("badge")?.textContent).toBe("2"));
    expect(part("bell")?.getAttribute("aria-label")).toBe("Notifications, 2 unread");
    it.inbox.readAll();
    await until(() => expect(part("badge")).toBeNull());
    expect(part("bell")?.getAttribute("aria-label")).toBe("Notifications");
  });

  test("stops at 99+", async () => {
    for (let each = 0; each < 99; each++) it.inbox.create();
    it.show(<Bell />);
    await until(() => expect(part("badge")?.textContent).toBe("99"));
    it.inbox.create();
    await until(() => expect(part("badge")?.textContent).toBe("99+"));
  });

  test("opens with a click, closes with the next one, and with Escape gives the focus back", async () => {
    it.show(<Bell />);
    await until(() => expect(part("bell")).not.toBeNull());
    await userEvent.click(part("bell") as HTMLElement);
    await until(() => expect(part("inbox")).not.toBeNull());
    expect(part("bell")?.getAttribute("aria-expanded")).toBe("true");
    await userEvent.click(part("bell") as HTMLElement);
    await until(() => expect(part("inbox")).toBeNull());
    expect(part("popover")?.matches(":popover-open")).toBe(false);

    (part("bell") as HTMLElement).focus();
    await userEvent.keyboard("{Enter}");
    await until(() => expect(part("popover")?.contains(document.activeElement)).toBe(true));
    await userEvent.keyboard("{Escape}");
    await until(() => expect(document.activeElement).toBe(part("bell")));
    await until(() => expect(part("bell")?.getAttribute("aria-expanded")).toBe("false"));
  });

  test("keeps its popover inside the window, on either side", async () => {
    for (const dir of ["ltr", "rtl"]) {
      for (const place of ["start", "end"]) {
        const element = it.show(<Bell />);
        element.dir = dir;
        element.style.cssText = `display: flex; justify-content: flex-${place}`;
        await until(() => expect(part("bell")).not.toBeNull());
        await userEvent.click(part("bell") as HTMLElement);
        await until(() => expect(part("inbox")).not.toBeNull());
        await Promise.all(
          part("popover")
            ?.getAnimations()
            .map(({ finished }) => finished) ?? [],
        );
        const { left, right, top } = (part("popover") as HTMLElement).getBoundingClientRect();
        const bell = (part("bell") as HTMLElement).getBoundingClientRect();
        expect(left, `${dir} ${place}`).toBeGreaterThanOrEqual(8);
        expect(right, `${dir} ${place}`).toBeLessThanOrEqual(innerWidth - 7);
        expect(Math.round(top - bell.bottom)).toBe(8);
        it.hide();
      }
    }
  });

  test("opens its popover upwards where there is more room", async () => {
    const element = it.show(<Bell />);
    element.style.cssText = "position: fixed; inset-block-end: 0";
    await until(() => expect(part("bell")).not.toBeNull());
    await userEvent.click(part("bell") as HTMLElement);
    await until(() => expect(part("inbox")).not.toBeNull());
    await Promise.all(
      part("popover")
        ?.getAnimations()
        .map(({ finished }) => finished) ?? [],
    );
    const { bottom } = (part("popover") as HTMLElement).getBoundingClientRect();
    expect(Math.round((part("bell") as HTMLElement).getBoundingClientRect().top - bottom)).toBe(8);
  });
});

describe("the inbox", () => {
  const it = stage();

  test("shows unread ones first, each with its type, and tells when there is nothing", async () => {
    it.show(<Inbox />);
    await until(() => expect(part("empty")).not.toBeNull());
    it.inbox.create({ title: "Old", readAt: "2026-11-20T10:00:00.000Z" });
    it.inbox.create({ title: "New", type: "ERROR" });
    await until(() => expect(titles()).toEqual(["New", "Old"]));
    expect(part("empty")).toBeNull();
    expect(parts("item").map(({ dataset }) => [dataset["type"], dataset["unread"]])).toEqual([
      ["ERROR", "true"],
      ["INFO", "false"],
    ]);
  });

  test("the unread tab keeps to the unread, and counts them", async () => {
    it.inbox.create({ title: "A" });
    const { id } = it.inbox.create({ title: "B" });
    it.inbox.turn(id, true);
    it.show(<Inbox />);
    await until(() => expect(titles()).toEqual(["A", "B"]));
    expect(part("tab-unread")?.textContent).toBe("Unread1");
    part("tab-unread")?.click();
    await until(() => expect(titles()).toEqual(["A"]));
    part("tab-all")?.click();
    await until(() => expect(titles()).toEqual(["A", "B"]));
  });

  test("one that is read stays where it is; mark all as read has nothing left to do then", async () => {
    it.inbox.create({ title: "A" });
    it.inbox.create({ title: "B" });
    it.show(<Inbox />);
    await until(() => expect(titles()).toEqual(["B", "A"]));
    part("mark-read")?.click();
    await until(() => expect(part("item")?.dataset["unread"]).toBe("false"));
    expect(titles()).toEqual(["B", "A"]);
    part("mark-all-read")?.click();
    await until(() => expect(it.inbox.unread).toBe(0));
    expect((part("mark-all-read") as HTMLButtonElement).disabled).toBe(true);
  });

  test("the keyboard does everything", async () => {
    for (const title of ["C", "B", "A"]) it.inbox.create({ title });
    const onNavigate = vi.fn();
    it.inbox.create({ title: "Linked", link: "/invoices/42" });
    it.show(<Inbox />, { onNavigate });
    await until(() => expect(parts("item")).toHaveLength(4));
    const focused = (): string | undefined => (document.activeElement as HTMLElement).dataset["id"];
    const id = (at: number): string | undefined => parts("item")[at]?.dataset["id"];

    // Tab reaches the list once: of its items, one is in reach.
    expect(parts("item", '[tabindex="0"]')).toHaveLength(1);
    (part("mark-all-read") as HTMLElement).focus();
    await userEvent.keyboard("{Tab}");
    expect(focused()).toBe(id(0));
    await userEvent.keyboard("{ArrowDown}{ArrowDown}");
    expect(focused()).toBe(id(2));
    await userEvent.keyboard("{ArrowUp}");
    expect(focused()).toBe(id(1));
    await userEvent.keyboard("{End}");
    expect(focused()).toBe(id(3));
    await userEvent.keyboard("{ArrowDown}");
    expect(focused()).toBe(id(3));
    await userEvent.keyboard("{Home}");
    expect(focused()).toBe(id(0));

    await userEvent.keyboard("{Enter}");
    expect(onNavigate).toHaveBeenCalledWith("/invoices/42", expect.objectContaining({ title: "Linked" }));
    await until(() => expect(part("item")?.dataset["unread"]).toBe("false"));
    await userEvent.keyboard("r");
    await until(() => expect(part("item")?.dataset["unread"]).toBe("true"));

    await userEvent.keyboard("{Delete}");
    await until(() => expect(titles()).toEqual(["A", "B", "C"]));
    expect(focused()).toBe(id(0));

    await userEvent.keyboard("?");
    await until(() => expect(part("keys")).not.toBeNull());
  });

  test("deleting can be undone, and nothing was sent until then", async () => {
    const { id } = it.inbox.create({ title: "Precious" });
    it.show(<Inbox />);
    await until(() => expect(titles()).toEqual(["Precious"]));
    part("delete")?.click();
    await until(() => expect(part("item")).toBeNull());
    expect(part("notice")?.textContent).toContain("Deleted");
    part("undo")?.click();
    await until(() => expect(titles()).toEqual(["Precious"]));
    expect(part("undo")).toBeNull();
    expect(it.server.count("DELETE", `/${id}`)).toBe(0);
  });

  test("leaving the page sends what could still have been undone", async () => {
    const { id } = it.inbox.create();
    it.show(<Inbox />);
    await until(() => expect(parts("item")).toHaveLength(1));
    part("delete")?.click();
    await until(() => expect(part("item")).toBeNull());
    window.dispatchEvent(new Event("pagehide"));
    await until(() => expect(it.inbox.rows.has(id)).toBe(false));
    window.dispatchEvent(new Event("pageshow"));
  });

  test("what arrives while the list is scrolled waits behind a pill", async () => {
    for (let each = 0; each < 15; each++) it.inbox.create({ title: `Old ${each}` });
    const element = it.show(<Inbox />);
    element.style.cssText = "display: flex; height: 300px";
    await until(() => expect(parts("item")).toHaveLength(15));
    const inbox = part("inbox") as HTMLElement;
    inbox.scrollTop = 200;
    await until(() => inbox.scrollTop > 40);
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    it.inbox.create({ title: "Fresh" });
    await until(() => expect(part("fresh")?.textContent).toBe("1 new"));
    expect(titles()).not.toContain("Fresh");
    part("fresh")?.click();
    await until(() => expect(titles()[0]).toBe("Fresh"));
    expect(inbox.scrollTop).toBe(0);
  });

  test("further pages come as the end does", async () => {
    for (let each = 0; each < 45; each++) it.inbox.create({ title: `N ${each}` });
    const element = it.show(<Inbox />);
    element.style.cssText = "display: flex; height: 300px";
    await until(() => expect(parts("item")).toHaveLength(20));
    (part("inbox") as HTMLElement).scrollTop = 1e6;
    await until(() => expect(parts("item").length).toBeGreaterThan(20));
    (part("inbox") as HTMLElement).scrollTop = 1e6;
    await until(() => expect(parts("item")).toHaveLength(45));
    expect(part("load-more")).toBeNull();
  });

  test("however many come at once, no more are rendered than may be seen soon", async () => {
    const element = it.show(<Inbox />);
    element.style.cssText = "display: flex; height: 300px";
    await until(() => expect(part("connection")?.dataset["state"]).toBe("live"));
    for (let each = 0; each < 300; each++) it.inbox.create({ title: `N ${each}` });
    await until(() => expect(part("tab-unread")?.textContent).toBe("Unread300"));
    expect(parts("item")).toHaveLength(50);
    (part("inbox") as HTMLElement).scrollTop = 1e6;
    await until(() => expect(parts("item").length).toBeGreaterThan(50));
    expect(part("item")?.getAttribute("aria-setsize")).toBe("300");
  });

  test("says when it cannot load, and tries again when asked", async () => {
    it.inbox.create({ title: "Here" });
    it.server.refusals.set("GET /", Array(9).fill(500));
    it.show(<Inbox />);
    await until(() => expect(part("error")).not.toBeNull());
    expect(part("error")?.textContent).toContain("could not be loaded");
    it.server.refusals.clear();
    part("error")?.querySelector("button")?.click();
    await until(() => expect(titles()).toEqual(["Here"]));
    expect(part("error")).toBeNull();
  });

  test("an action that is refused is taken back, and said", async () => {
    const { id } = it.inbox.create();
    it.server.refusals.set(`POST /${id}/read`, [422]);
    it.show(<Inbox />);
    await until(() => expect(parts("item")).toHaveLength(1));
    part("mark-read")?.click();
    await until(() => expect(part("notice")?.textContent).toBe("That could not be saved."));
    expect(part("item")?.dataset["unread"]).toBe("true");
  });

  test("the connection is told", async () => {
    it.show(<Inbox />);
    await until(() => expect(part("connection")?.dataset["state"]).toBe("live"));
    it.server.kill();
    await until(() => expect(part("connection")?.dataset["state"]).toBe("offline"), 5_000);
    expect(part("connection")?.textContent).toBe("Offline. Reconnecting…");
  });

  test("only links that lead somewhere harmless are links", async () => {
    for (const link of ["javascript:alert(1)", "//evil.test", "/\\evil.test", "/\t/evil.test", "data:text/html,x"]) {
      it.inbox.create({ link });
    }
    it.inbox.create({ link: "https://grelot.test/" });
    it.show(<Inbox />);
    await until(() => expect(parts("item")).toHaveLength(6));
    expect([...document.querySelectorAll("article a")].map((a) => a.getAttribute("href"))).toEqual([
      "https://grelot.test/",
    ]);
  });

  test("speaks French", async () => {
    it.inbox.create();
    it.show(<Inbox />, { locale: "fr-CA", messages: fr });
    await until(() => expect(parts("item")).toHaveLength(1));
    expect(part("mark-all-read")?.textContent).toBe(fr.markAllAsRead);
    expect(document.querySelector("h3")?.textContent).toBe("aujourd’hui");
    expect(document.querySelector("time")?.textContent).toBe("maintenant");
  });

  test("what is inside an item can be the application's own", async () => {
    it.inbox.create({ title: "Mine" });
    it.show(<Inbox renderItem={({ title }) => <b data-own>{title}</b>} />);
    await until(() => expect(document.querySelector("[data-part=item] > [data-own]")?.textContent).toBe("Mine"));
  });
});
