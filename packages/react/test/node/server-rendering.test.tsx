/** Rendering on a server, where there is no browser and nothing may be opened. */
import { readdir, readFile } from "node:fs/promises";
import { renderToString } from "react-dom/server";
import { afterEach, expect, test, vi } from "vitest";
import { Bell, fr, GrelotProvider, Inbox, Preferences, Toaster, useNotifications } from "../../src/index.js";

function Lost(): null {
  useNotifications();
  return null;
}

afterEach(() => vi.unstubAllGlobals());

test("everything renders without a warning, and sends nothing", () => {
  const warned = vi.spyOn(console, "error");
  const fetch = vi.fn();
  vi.stubGlobal("fetch", fetch);
  const html = renderToString(
    <GrelotProvider messages={fr}>
      <Bell />
      <Inbox />
      <Preferences />
      <Toaster />
    </GrelotProvider>,
  );
  expect(html).toContain('aria-label="Notifications"');
  expect(html).toContain("Tout marquer comme lu");
  expect(html).not.toContain(" style=");
  expect(fetch).not.toHaveBeenCalled();
  expect(warned).not.toHaveBeenCalled();
});

test("a hook outside a provider says what is missing", () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  expect(() => renderToString(<Lost />)).toThrow("<GrelotProvider>");
});

test("every module that holds a hook or a component says that it is for the client", async () => {
  const root = new URL("../../src/", import.meta.url);
  const files = (await readdir(root, { recursive: true })).filter((name) => /\.tsx?$/.test(name));
  expect(files.length).toBeGreaterThan(20);
  for (const name of files) {
    const source = await readFile(new URL(name, root), "utf8");
    const uses = /from "react"/.test(source.replaceAll(/import type .* from "react";/g, ""));
    if (uses) expect(source.startsWith('"use client";'), name).toBe(true);
  }
});
