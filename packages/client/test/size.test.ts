/** What the client may weigh in a page. Not here: the hooks and components, which have a budget of their own. */
import { expect, test } from "vitest";
import { weigh } from "../scripts/size.js";

test("the client without preferences stays under 5.7 kB, minified and gzipped", async () => {
  expect(await weigh('export { createClient } from "@grelot/client"')).toBeLessThan(5_700);
});

test("preferences are not in a page that does not ask for them", async () => {
  const without = await weigh('export { createClient } from "@grelot/client"');
  expect(await weigh('export * from "@grelot/client"')).toBeGreaterThan(without + 300);
});
