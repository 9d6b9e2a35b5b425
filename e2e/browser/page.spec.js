// The demo page as `grelot demo` serves it: every state, light and dark, on a phone and on a desk, without a violation of
// axe-core and without a word in the console; and the whole of it by keyboard. Not here: what it shows when something fails.

import assert from "node:assert/strict";
import { test } from "node:test";
import { check, demo, looks } from "./support/demo.js";
import { shows, until } from "./support/stage.js";

const send = (page, example) => page.click(`[data-example="${example}"]`);

for (const [name, look] of Object.entries(looks)) {
  test(`every state: ${name}`, () =>
    demo(look, async (page) => {
      if (name.endsWith("rtl")) await page.check("[data-demo=rtl]");
      await page.click("[data-part=quiet-hours]");
      await page.waitForSelector("[data-part=quiet-end]");
      await page.evaluate(() => scrollTo(0, 0));
      await check(page, `${name}-page`);
      await check(page, `${name}-page-whole`, { fullPage: true });

      await page.click("[data-part=bell]");
      await page.waitForSelector("[data-part=item]");
      await check(page, `${name}-inbox`);
      await page.click("[data-part=item] >> nth=1 >> [data-part=mark-read]");
      await page.click("[data-part=item] >> nth=2 >> [data-part=delete]");
      await page.waitForSelector("[data-part=undo]");
      await check(page, `${name}-inbox-undo`);
      await page.keyboard.press("?");
      await page.waitForSelector("[data-part=keys]");
      await check(page, `${name}-keys`);
      await page.click("[data-part=back]");
      await page.click("[data-part=mark-all-read]");
      await page.click("[data-part=tab-unread]");
      await page.waitForSelector("[data-part=empty]");
      await check(page, `${name}-inbox-empty`);
      await page.keyboard.press("Escape");

      for (const example of ["payment", "invoice", "storage"]) {
        await send(page, example);
        // Apart, so that they are not a storm.
        await page.waitForTimeout(400);
      }
      await until("three toasts", async () => (await page.locator("[data-part=toast]").count()) === 3);
      await check(page, `${name}-toasts`);
      for (const _ of [1, 2, 3]) await page.click("[data-part=toast-close] >> nth=0");
      await page.click('[data-storm="12"]');
      await page.waitForSelector('[data-part=toast][data-count="12"]');
      await check(page, `${name}-storm`);
      await page.keyboard.press("Escape");

      await page.click("[data-part=bell]");
      await page.waitForSelector("[data-part=item]");
      await page.evaluate(() => {
        document.querySelector("[data-part=inbox]").scrollTo(0, 500);
        // The page hears of it with the next frame.
        return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      });
      await page.evaluate(() => {
        const headers = { "content-type": "application/json" };
        return fetch("/demo/notify", { method: "POST", headers, body: '{"example":"invoice"}' });
      });
      await page.waitForSelector("[data-part=fresh]");
      await check(page, `${name}-inbox-scrolled`);
    }));
}

test("the whole page by keyboard", () =>
  demo(looks.desk, async (page) => {
    const focused = () =>
      page.evaluate(() => document.activeElement?.closest("[data-part]")?.getAttribute("data-part") ?? null);
    const unread = () => page.evaluate(() => Number(document.querySelector("[data-part=badge]")?.textContent ?? 0));
    const before = await unread();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "bell");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-part=item]");
    await until("the focus is inside", async () => (await focused()) === "inbox");
    await page.keyboard.press("ArrowDown");
    assert.equal(await focused(), "item");
    await page.keyboard.press("r");
    await shows(page, before - 1);
    await page.keyboard.press("r");
    await shows(page, before);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Delete");
    await shows(page, before - 1);
    assert.equal(await focused(), "item");
    // Its buttons, then what can be undone.
    for (let step = 0; step < 8 && (await focused()) !== "undo"; step += 1) await page.keyboard.press("Tab");
    assert.equal(await focused(), "undo");
    await page.keyboard.press("Enter");
    await shows(page, before);
    await page.keyboard.press("Escape");
    await until("the focus is back", async () => (await focused()) === "bell");
    // On, to the panel, and a toast that is dismissed.
    const example = () => page.evaluate(() => document.activeElement?.getAttribute("data-example"));
    for (let step = 0; step < 6 && !(await example()); step += 1) await page.keyboard.press("Tab");
    assert.equal(await example(), "welcome");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-part=toast]");
    await page.keyboard.press("Escape");
    await page.waitForSelector("[data-part=toast]", { state: "detached" });
    await shows(page, before + 1);
  }));

test("the other identity has an inbox of its own, and every tab follows", () =>
  demo(looks.desk, async (page) => {
    assert.notEqual(await page.locator("[data-part=badge]").count(), 0);
    const other = await page.context().newPage();
    await other.goto(`${new URL(page.url()).origin}/?user=camille`);
    await shows(other, 0);
    await shows(page, 0);
  }));

test("inside, the preferences are found, and a switch is kept", () =>
  demo(looks.desk, async (page) => {
    await page.click("[data-part=bell]");
    await page.click("[data-part=settings]");
    await page.waitForSelector("[data-part=popover]", { state: "hidden" });
    const one = '[data-part=preference][data-category="billing"][data-channel="email"]';
    assert.equal(await page.getAttribute(one, "aria-checked"), "true");
    await page.click(one);
    await page.waitForSelector("text=Saved");
    await page.reload();
    await page.waitForSelector(`${one}[aria-checked="false"]`);
  }));

for (const name of ["desk", "phone-dark"]) {
  test(`what stays unread is in the mailbox, as it looks, as text and as source: ${name}`, () =>
    demo(looks[name], async (page) => {
      await page.locator("[data-demo=mailbox] [data-mail]", { hasText: "Invoice ready" }).click();
      const mail = page.frameLocator("[data-demo=mailbox] iframe");
      await mail.getByRole("heading", { name: "Invoice ready" }).waitFor();
      await page.locator("[data-demo=mailbox]").scrollIntoViewIfNeeded();
      await check(page, `${name}-mailbox`);
      for (const [view, words] of [
        ["text", "March is ready."],
        ["source", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"],
      ]) {
        await page.click(`[data-view=${view}]`);
        await page.locator("[data-demo=mailbox] pre", { hasText: words }).waitFor();
        await check(page, `${name}-mailbox-${view}`);
      }
    }));
}

test("quiet hours and the digest are chosen by keyboard, kept, and seen in another tab at once", () =>
  demo(looks.desk, async (page) => {
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.waitForSelector('[data-part="quiet-hours"][aria-checked="false"]');
    await page.focus("[data-part=quiet-hours]");
    await page.keyboard.press("Space");
    const times = (tab) =>
      tab.locator("[data-part=preferences] input").evaluateAll((all) => all.map(({ value }) => value));
    await until("the other has them", async () => (await times(other)).join() === "22:00,07:00");
    await page.keyboard.press("Tab");
    await page.keyboard.type("1145PM");
    // Not before it is left.
    assert.deepEqual(await times(other), ["22:00", "07:00"]);
    const part = () => page.evaluate(() => document.activeElement?.getAttribute("data-part"));
    for (let step = 0; step < 4 && (await part()) === "quiet-start"; step += 1) await page.keyboard.press("Tab");
    assert.equal(await part(), "quiet-end");
    await until("the other has the new one", async () => (await times(other)).join() === "23:45,07:00");
    await page.selectOption("[data-part=digest]", "18");
    await until("and the digest", async () => (await other.inputValue("[data-part=digest]")) === "18");
    await page.reload();
    await page.waitForSelector('[data-part="quiet-hours"][aria-checked="true"]');
    assert.deepEqual(await times(page), ["23:45", "07:00"]);
  }));

test("the tab has an icon, and nothing that the page asks for is missing", () =>
  demo(looks.desk, async (first) => {
    const failed = [];
    const page = await first.context().newPage();
    page.on("response", (answer) => answer.status() >= 400 && failed.push(answer.url()));
    page.on("requestfailed", (request) => failed.push(request.url()));
    await page.goto(first.url());
    await page.waitForSelector('[data-part="connection"][data-state="live"]');
    // A browser without a window asks for none.
    const icon = await page.evaluate(async () => {
      const { ok, headers } = await fetch(document.querySelector("link[rel=icon]").href);
      return ok && headers.get("content-type");
    });
    assert.match(String(icon), /^image\//);
    assert.deepEqual(failed, []);
  }));
