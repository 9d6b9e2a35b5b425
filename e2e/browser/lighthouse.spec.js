// What Lighthouse says of the demo page. It opens the page as it is served; every other state of it is in `page.spec.js`.

import assert from "node:assert/strict";
import { test } from "node:test";
import lighthouse from "lighthouse";
import { startDemo } from "./support/demo.js";
import { launchPlain } from "./support/plain.js";
import { browserOptions } from "./support/stage.js";

const screens = {
  mobile: { mobile: true, width: 360, height: 740, deviceScaleFactor: 2 },
  desktop: { mobile: false, width: 1440, height: 900, deviceScaleFactor: 1 },
};

for (const [formFactor, screenEmulation] of Object.entries(screens)) {
  test(`Lighthouse finds nothing to better in accessibility: ${formFactor}`, async () => {
    const [demo, browser] = await Promise.all([startDemo(), launchPlain(browserOptions)]);
    try {
      const { lhr } = await lighthouse(demo.url, {
        port: browser.port,
        logLevel: "error",
        onlyCategories: ["accessibility"],
        formFactor,
        screenEmulation,
        disableFullPageScreenshot: true,
        throttlingMethod: "provided",
        // A page with an open stream never comes to rest.
        maxWaitForLoad: 2_000,
      });
      const failed = Object.values(lhr.audits).filter(({ score }) => score !== null && score < 1);
      assert.deepEqual(
        failed.map(({ id, details }) => `${id}: ${details?.items?.map(({ node }) => node?.snippet)}`),
        [],
      );
      assert.equal(lhr.runtimeError, undefined);
      assert.equal(lhr.categories.accessibility.score, 1);
    } finally {
      await browser.close();
      demo.stop();
    }
  });
}
