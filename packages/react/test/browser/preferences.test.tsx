/** The table of preferences. */
import { beforeEach, describe, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { fr, Inbox, Preferences } from "../../src/index.js";
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
    const why = document.getElementById(one("security", "inApp").getAttribute("aria-describedby") as string);
    expect(why?.textContent?.trim()).toBe("Always delivered");
    expect(one("security", "email").hasAttribute("aria-describedby")).toBe(false);
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

  describe("when email goes out", () => {
    const times = (): string[] => [...document.querySelectorAll("input")].map(({ value }) => value);
    const saved = (): unknown => {
      const { quietHours, emailDigest, emailDigestHour } = it.inbox.preferences;
      return [quietHours, emailDigest, emailDigestHour];
    };
    const says = (text: string): Promise<void> =>
      until(() => expect(document.querySelector("[role=status]")?.textContent).toBe(text));
    const leave = (): void => (document.activeElement as HTMLElement).blur();
    const choose = (value: string): void => {
      const select = part("digest") as HTMLSelectElement;
      select.value = value;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    };

    test("quiet hours are off until they are switched on, and each time is saved when it is left", async () => {
      it.show(<Preferences />);
      await until(() => expect(part("quiet-hours")?.getAttribute("aria-checked")).toBe("false"));
      expect(times()).toEqual([]);
      // By its label, as each of them.
      await userEvent.click(page.getByText("Quiet hours"));
      await until(() => expect(times()).toEqual(["22:00", "07:00"]));
      await until(() => expect(saved()).toEqual([{ start: "22:00", end: "07:00" }, "off", 9]));
      await userEvent.fill(page.getByLabelText("Quiet until"), "06:30");
      expect(it.server.count("PUT", "/preferences")).toBe(1);
      leave();
      await until(() => expect(saved()).toEqual([{ start: "22:00", end: "06:30" }, "off", 9]));
      await says("Saved");
      // One that is left empty is as it was.
      await userEvent.fill(page.getByLabelText("Quiet from"), "");
      leave();
      expect(times()).toEqual(["22:00", "06:30"]);
      part("quiet-hours")?.click();
      await until(() => expect(saved()).toEqual([null, "off", 9]));
      expect(times()).toEqual([]);
      part("quiet-hours")?.click();
      await until(() => expect(times()).toEqual(["22:00", "06:30"]));
    });

    test("a digest is hourly, or daily at an hour that is kept", async () => {
      it.show(<Preferences />);
      await until(() => expect((part("digest") as HTMLSelectElement | null)?.value).toBe("off"));
      expect((page.getByLabelText("Email digest").element() as HTMLSelectElement).options).toHaveLength(26);
      choose("18");
      await until(() => expect(saved()).toEqual([null, "daily", 18]));
      expect((part("digest") as HTMLSelectElement).selectedOptions[0]?.text).toMatch(/^Every day, 6:00\sPM$/);
      choose("hourly");
      await until(() => expect(saved()).toEqual([null, "hourly", 18]));
      choose("off");
      await until(() => expect(saved()).toEqual([null, "off", 18]));
    });

    test("it is by the clocks of the user's time zone, which is named; what is always delivered goes out", async () => {
      it.inbox.preferences = { ...it.inbox.preferences, timezone: "Europe/Paris" };
      it.show(<Preferences />, { messages: fr });
      await until(() => expect(document.body.textContent).toContain("Fuseau horaire : Europe/Paris"));
      expect(document.body.textContent).toContain("sauf ce qui est toujours envoyé");
      choose("18");
      await until(() =>
        expect((part("digest") as HTMLSelectElement).selectedOptions[0]?.text).toBe("Tous les jours, 18:00"),
      );
    });

    test("a refusal puts the times back and says so", async () => {
      it.inbox.preferences = { ...it.inbox.preferences, quietHours: { start: "22:00", end: "07:00" } };
      it.server.refusals.set("PUT /preferences", [422, 422]);
      it.show(<Preferences />);
      await until(() => expect(times()).toEqual(["22:00", "07:00"]));
      await userEvent.fill(page.getByLabelText("Quiet until"), "22:00");
      leave();
      await says("That could not be saved.");
      expect(times()).toEqual(["22:00", "07:00"]);
      choose("hourly");
      await until(() => expect((part("digest") as HTMLSelectElement).value).toBe("off"));
      await says("That could not be saved.");
    });

    test("what is changed in another tab is seen here", async () => {
      it.show(<Preferences />);
      await until(() => expect(it.server.streams.size).toBe(1));
      await until(() => expect(part("digest")).not.toBeNull());
      it.inbox.save({ quietHours: { start: "21:15", end: "08:00" }, emailDigest: "hourly" });
      await until(() => expect(times()).toEqual(["21:15", "08:00"]));
      expect((part("digest") as HTMLSelectElement).value).toBe("hourly");
    });
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
