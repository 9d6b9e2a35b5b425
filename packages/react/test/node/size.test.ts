/** What a page pays, gzipped, with React outside. `npm run size` says more. */
import { expect, test } from "vitest";
import { EVERYTHING, HOOKS, weigh, weighStyle } from "../../scripts/size.js";

test("the hooks with the client stay under 7.0 kB", async () => {
  expect(await weigh(HOOKS)).toBeLessThan(7_000);
});

test("everything, with its style, stays under 17.2 kB", async () => {
  expect((await weigh(EVERYTHING)) + (await weighStyle())).toBeLessThan(17_200);
});

test("a page that uses hooks carries no component, no text and no preferences", async () => {
  expect((await weigh(HOOKS)) + 500).toBeLessThan(await weigh(`${HOOKS}, usePreferences`));
});
