/** What a page pays, gzipped, with React outside. `npm run size` says more. */
import { expect, test } from "vitest";
import { EVERYTHING, HOOKS, weigh, weighStyle } from "../../scripts/size.js";

const KB = 1_024;

test("the hooks with the client stay within 6 KB", async () => {
  expect(await weigh(HOOKS)).toBeLessThanOrEqual(6 * KB);
});

test("everything, with its style, stays within 15 KB", async () => {
  expect((await weigh(EVERYTHING)) + (await weighStyle())).toBeLessThanOrEqual(15 * KB);
});

test("a page that uses hooks carries no component, no text and no preferences", async () => {
  expect((await weigh(HOOKS)) + 400).toBeLessThan(await weigh(`${HOOKS}, usePreferences`));
});
