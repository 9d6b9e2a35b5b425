/** What a server rendered comes alive without a difference. */
import { StrictMode } from "react";
import { hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { describe, expect, test } from "vitest";
import { Bell, GrelotProvider, Inbox, Toaster } from "../../src/index.js";
import { part, stage, titles, until } from "../support/stage.js";

describe("hydration", () => {
  const it = stage();

  test("finds what was rendered, and then what there is", async () => {
    it.inbox.create({ title: "Here" });
    const app = (
      <StrictMode>
        <GrelotProvider baseUrl="http://hydrated.test" credentials="include">
          <Bell />
          <Inbox />
          <Toaster />
        </GrelotProvider>
      </StrictMode>
    );
    const element = document.body.appendChild(document.createElement("div"));
    element.innerHTML = renderToString(app);
    expect(part("badge")).toBeNull();
    const bell = part("bell");
    const differences: unknown[] = [];
    const root = hydrateRoot(element, app, { onRecoverableError: (error) => differences.push(error) });
    await until(() => expect(titles()).toEqual(["Here"]));
    expect(part("badge")?.textContent).toBe("1");
    expect(part("bell")).toBe(bell);
    expect(differences).toEqual([]);
    root.unmount();
    element.remove();
  });
});
