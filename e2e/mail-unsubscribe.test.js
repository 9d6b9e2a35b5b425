// The link of a mail, followed as mail programs and scanners follow it: looking changes nothing, one click stops such mails, and
// can be taken back. Over each deployment. Not here: the pages in a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { simpleParser } from "mailparser";
import { Relay } from "./mail/relay.js";
import { MailService } from "./mail/service.js";
import { deployments } from "./support/deployments.js";

const NAME = "the link of a mail stops its category with one click, without a session, and takes it back";

test(NAME, { concurrency: 2 }, async (t) => {
  const over = await deployments(t);
  await Promise.all(over.map(({ name, fresh }) => t.test(`over ${name}`, (t) => follow(t, fresh()))));
});

/** Follows the links of mails in a deployment. */
async function follow(t, deployment) {
  const relay = await Relay.start();
  const service = await MailService.start(`smtp://127.0.0.1:${relay.port}?tls=none`, deployment);
  try {
    await service.category("billing", { label: { en: "Billing", fr: "Facturation" } });
    await service.category("news");
    const preferences = (user) => service.tell("GET", "/api/notifications/preferences", undefined, user);
    const link = async (user) => {
      await service.contact(user);
      await service.notify(user, { category: "billing" });
      await relay.until("the mail", ({ taken }) => taken.some(({ to }) => to[0] === `${user}@example.com`));
      const mail = await simpleParser(relay.taken.find(({ to }) => to[0] === `${user}@example.com`).bytes);
      return service.here(mail.headers.get("list").unsubscribe.url);
    };

    const multipart = new FormData();
    multipart.set("List-Unsubscribe", "One-Click");
    const clicks = {
      urlencoded: new URLSearchParams({ "List-Unsubscribe": "One-Click" }),
      multipart,
      nothing: undefined,
    };
    for (const [name, body] of Object.entries(clicks)) {
      await t.test(`one click whose body is ${name}`, async () => {
        const user = `user-${name}`;
        const url = await link(user);
        const before = await preferences(user);

        for (const method of ["GET", "HEAD"]) {
          const look = await fetch(url, { method, redirect: "error" });
          assert.equal(look.status, 200);
          assert.match(look.headers.get("content-type"), /^text\/html/);
        }
        assert.deepEqual(await preferences(user), before, "looking changes nothing");

        for (const again of [false, true]) {
          const answer = await fetch(url, { method: "POST", body, redirect: "error" });
          assert.equal(answer.status, 200, `again: ${again}`);
          assert.equal(answer.headers.get("set-cookie"), null);
          const after = await preferences(user);
          assert.deepEqual(after.categories, { billing: { email: false } });
          assert.equal(after.email, true);
        }
        assert.equal((await service.notify(user, { category: "billing" })).email, "muted");
        assert.equal((await service.notify(user, { category: "news" })).email, "queued");

        const undone = await fetch(`${url}&undo=true`, { method: "POST", redirect: "error" });
        assert.equal(undone.status, 200);
        const { effective } = await preferences(user);
        assert.equal(effective.find(({ category }) => category === "billing").channels.email.enabled, true);
        assert.equal((await service.notify(user, { category: "billing" })).email, "queued");
      });
    }

    await t.test("a link that was altered means nothing", async () => {
      const url = new URL(await link("eve"));
      const token = url.searchParams.get("token");
      for (const altered of [`${token}A`, token.slice(1), token.slice(0, -2), token.toUpperCase(), ""]) {
        url.searchParams.set("token", altered);
        for (const method of ["GET", "POST"]) {
          const answer = await fetch(url, { method, redirect: "error" });
          assert.equal(answer.status, 404, `${method} ${altered}`);
        }
      }
      assert.deepEqual((await preferences("eve")).categories, {});
    });

    await t.test("mails that became mandatory are not stopped by a link from before", async () => {
      const url = await link("ida");
      await service.category("billing", { mandatory: ["email"] });
      assert.equal((await fetch(url, { method: "POST" })).status, 409);
      assert.deepEqual((await preferences("ida")).categories, {});
      assert.equal((await service.notify("ida", { category: "billing" })).email, "queued");
    });
  } finally {
    await service.stop();
    await relay.stop();
  }
}
