/** The table of preferences. */
import { beforeEach, describe, expect, test } from "vitest";
import { Inbox, Preferences } from "../../src/index.js";
import { part, parts, stage, until } from "../support/stage.js";

const channel = (enabled: boolean, locked = false) =>
  ({ enabled, locked, source: locked ? "mandatory" : "default" }) as const;

describe("preferences", () => {
  const it = stage();
  beforeEach(() => {
    it.inbox.preferences = {
      ...it.inbox.preferences,
      inApp: true,
      email: true,
      categories: {},
      effective: [
        { category: "billing", label: "Billing", channels: { inApp: channel(true), email: channel(true) } },
        { category: "security", label: "Security", channels: { inApp: channel(true, true), email: channel(true) } },
      ],
    };
  });
  const one = (category: string, name: string): HTMLElement =>
    part("preference", `[data-category="${category}"][data-channel="${name}"]`) as HTMLElement;
  const on = (category: string, name: string): string | null => one(category, name).getAttribute("aria-checked");

  test("a row a category and a switch a channel, saved at once", async () => {
    it.show(<Preferences />);
    await until(() => expect(parts("preference")).toHaveLength(6));
    expect(on("billing", "email")).toBe("true");
    one("billing", "email").click();
    await until(() => expect(it.inbox.preferences.categories).toEqual({ billing: { email: false } }));
    await until(() => expect(document.querySelector("[role=status]")?.textContent).toBe("Saved"));
    one("", "email").click();
    await until(() => expect(on("", "email")).toBe("false"));
    await until(() => expect(it.inbox.preferences.email).toBe(false));
    // Its column keeps what was chosen, dimmed.
    expect(one("billing", "email").parentElement?.dataset["off"]).toBe("true");
  });

  test("a locked one cannot be moved, and says why", async () => {
    it.show(<Preferences />);
    await until(() => expect(parts("preference")).toHaveLength(6));
    one("security", "inApp").click();
    expect(one("security", "inApp").title).toBe("Always delivered");
    expect(on("security", "inApp")).toBe("true");
    expect(it.server.count("PUT", "/preferences")).toBe(0);
  });

  test("a refusal puts the switch back and says so", async () => {
    it.server.refusals.set("PUT /preferences", [422]);
    it.show(<Preferences />);
    await until(() => expect(parts("preference")).toHaveLength(6));
    one("", "email").click();
    await until(() => expect(document.querySelector("[role=status]")?.textContent).toBe("That could not be saved."));
    expect(on("", "email")).toBe("true");
  });

  test("the inbox opens them, and chooses among the categories", async () => {
    it.inbox.create({ title: "A", category: "billing" });
    it.inbox.create({ title: "B" });
    it.show(<Inbox />);
    await until(() => expect(part("category")).not.toBeNull());
    await until(() => expect(parts("item")).toHaveLength(2));
    const select = part("category") as HTMLSelectElement;
    expect([...select.options].map(({ text }) => text)).toEqual(["All categories", "Billing", "Security"]);
    select.value = "billing";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await until(() => expect(parts("item")).toHaveLength(1));
    part("settings")?.click();
    await until(() => expect(parts("preference")).toHaveLength(6));
    part("back")?.click();
    await until(() => expect(parts("item")).toHaveLength(1));
  });
});
