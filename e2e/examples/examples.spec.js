// The example applications, with the real binary and a real browser: an order is told of in every tab, and what is passed
// on to Grelot arrives. Not here: the applications.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Service } from "../support/service.js";
import { host, openBrowser, tab } from "./host.js";

/** The ground of the popover, from black to white: what the application's build has made of the style sheet. */
async function ground(page, colorScheme) {
  await page.emulateMedia({ colorScheme });
  return page.locator('[data-part="popover"]').evaluate((element) => {
    const pen = new OffscreenCanvas(1, 1).getContext("2d");
    pen.fillStyle = getComputedStyle(element).backgroundColor;
    pen.fillRect(0, 0, 1, 1);
    const [red, , , opaque] = pen.getImageData(0, 0, 1, 1).data;
    return opaque === 255 ? red : null;
  });
}

for (const name of ["vite", "nextjs"]) {
  test(`${name}: placing an order rings the bell in every tab`, async (t) => {
    const service = await Service.start();
    t.after(() => service.stop());
    const { url, stop } = await host(name, service);
    t.after(stop);
    const { context, said, close } = await openBrowser();
    t.after(close);

    const other = await tab(context, url);
    const { page } = await tab(context, url);
    const tabs = [other.page, page];
    const stream = await other.streamed;
    assert.equal(stream.headers()["content-type"], "text/event-stream; charset=utf-8");
    assert.equal(stream.headers()["content-encoding"], undefined);
    assert.equal(await page.locator("[data-part=badge]").count(), 0);

    await page.click("text=Place order");
    await page.waitForSelector('[data-part="toast"][data-type="SUCCESS"] >> text=is placed');
    for (const each of tabs) await each.waitForSelector('[data-part="badge"] >> text="1"');
    await page.click("text=Place order");
    for (const each of tabs) await each.waitForSelector('[data-part="badge"] >> text="2"');

    await page.click('[data-part="bell"]');
    await page.click('[data-part="mark-all-read"]');
    for (const each of tabs) await each.waitForSelector('[data-part="badge"]', { state: "detached" });
    assert.equal(await page.locator('[data-part="item"][data-unread="false"]').count(), 2);
    assert.equal(await ground(page, "light"), 255);
    const dark = await ground(page, "dark");
    assert.ok(dark && dark < 64, `dark is dark: ${dark}`);
    assert.deepEqual(said, [], "the console is empty");
  });
}
