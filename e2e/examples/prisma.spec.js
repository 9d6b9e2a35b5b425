// The application that writes its notifications by Prisma, in the transaction of the order: what is committed rings the bell,
// what is rolled back does not, and each of the two programs sees what the other wrote. Not here: the application.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { Postgres } from "../support/postgres.js";
import { root, Service } from "../support/service.js";
import { host, openBrowser, tab } from "./host.js";

const TABLES = path.join(root, "examples/nextjs-prisma/prisma/migrations/20261124000000_shop/migration.sql");

test("an order and its notification are one transaction", async (t) => {
  const postgres = await Postgres.start();
  t.after(() => postgres.stop());
  // As `prisma migrate deploy` would: the tables are the application's own.
  postgres.runFile(TABLES);
  const service = await Service.start({ env: { GRELOT_DATABASE: postgres.url() } });
  t.after(() => service.stop());
  const { url, stop } = await host("nextjs-prisma", service, { DATABASE_URL: postgres.url() });
  t.after(stop);
  const { context, said, close } = await openBrowser();
  t.after(close);

  const other = await tab(context, url);
  const { page } = await tab(context, url);
  const tabs = [other.page, page];
  const prisma = async () => {
    await page.reload();
    const rows = page.locator("[data-notification]");
    return rows.evaluateAll((all) => all.map(({ dataset, innerText }) => [innerText.split(" (")[0], dataset.read]));
  };

  await page.click("text=Order a bell");
  await page.waitForSelector('[data-part="toast"][data-type="SUCCESS"] >> text=Bell is ordered');
  for (const each of tabs) await each.waitForSelector('[data-part="badge"] >> text="1"');

  await page.click("text=Order what there is none of");
  await page.waitForSelector("text=Unobtainium is out of stock");
  // What comes after it shows that nothing came before.
  await service.notify("ada", 1);
  for (const each of tabs) await each.waitForSelector('[data-part="badge"] >> text="2"');
  const seen = await prisma();
  assert.equal(seen.length, 2);
  assert.ok(seen.some(([title]) => title === "Bell is ordered"));
  assert.ok(seen.every(([, read]) => read === "false"));
  assert.equal(await page.getAttribute("[data-orders]", "data-orders"), "1");

  await page.click('[data-part="bell"]');
  await page.click('[data-part="mark-all-read"]');
  for (const each of tabs) await each.waitForSelector('[data-part="badge"]', { state: "detached" });
  assert.ok((await prisma()).every(([, read]) => read === "true"));
  assert.deepEqual(said, [], "the console is empty");
});
