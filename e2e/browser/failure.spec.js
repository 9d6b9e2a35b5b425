// What the demo page shows while something is on its way, or cannot be had: in every look, without a violation of axe-core.
// Not here: what becomes of the data (`faults.spec.js`).

import assert from "node:assert/strict";
import { test } from "node:test";
import { check, demo, looks } from "./support/demo.js";
import { until } from "./support/stage.js";

/** What the browser reports by itself. */
const NETWORK = /net::ERR_|Failed to load resource/;
const LIST = /\/api\/notifications\?/;
const PREFERENCES = /\/api\/notifications\/preferences/;

/** Answers with a problem. Of a 503 the client expects better, and asks again; a 422 is final. */
const fail = (status) => (route) =>
  route.fulfill({
    status,
    contentType: "application/problem+json",
    body: JSON.stringify({ type: "about:blank", title: "Failed", status }),
  });

for (const [name, look] of Object.entries(looks)) {
  test(`loading, failing, offline: ${name}`, () =>
    demo(
      look,
      async (page) => {
        if (name.endsWith("rtl")) await page.check("[data-demo=rtl]");
        const held = [];
        let answer = (route) => held.push(route);
        await page.route(LIST, (route) => answer(route));
        await page.click("[data-part=bell]");
        await page.waitForSelector("[data-part=loading]");
        await check(page, `${name}-loading`);

        answer = fail(503);
        await Promise.all(held.map(answer));
        await page.waitForSelector("[data-part=error]");
        await check(page, `${name}-error`);

        answer = (route) => route.continue();
        await page.click("[data-part=error] button");
        await page.waitForSelector("[data-part=item]");

        await page.context().setOffline(true);
        const state = () => page.getAttribute("[data-part=connection]", "data-state");
        await until("offline is said", async () => (await state()) === "offline");
        const unread = page.locator('[data-part=item][data-unread="true"]');
        const before = await unread.count();
        await page.click("[data-part=item] >> nth=0 >> [data-part=mark-read]");
        await until("the list is still of use", async () => (await unread.count()) === before - 1);
        await check(page, `${name}-offline`);
        await page.context().setOffline(false);
        await page.waitForSelector('[data-part="connection"][data-state="live"]');
        await page.keyboard.press("Escape");

        await page.route(PREFERENCES, (route) =>
          route.request().method() === "PUT" ? fail(422)(route) : route.continue(),
        );
        const one = '[data-part=preference][data-category="billing"][data-channel="email"]';
        await page.click(one);
        await page.waitForSelector("[data-part=preferences] [role=status]:not(:empty)");
        assert.equal(await page.getAttribute(one, "aria-checked"), "true");
        await check(page, `${name}-preferences-refused`, { fullPage: true });
      },
      NETWORK,
    ));
}
