// Mails as relays and mail programs that others wrote see them: npm smtp-server and PyPI aiosmtpd take them, npm mailparser
// reads them. Over each deployment. Not here: faults (`mail-faults.test.js`), hostile texts (`mail-naughty.test.js`), the link
// (`mail-unsubscribe.test.js`).

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { simpleParser } from "mailparser";
import { aiosmtpd } from "./mail/foreign.js";
import { Relay } from "./mail/relay.js";
import { APP, MailService, PUBLIC } from "./mail/service.js";
import { deployments } from "./support/deployments.js";

const plain = (relay) => `smtp://127.0.0.1:${relay.port}?tls=none`;

/** The one header of this name, as it stands in the mail. */
function header(mail, name) {
  const lines = mail.headerLines.filter(({ key }) => key === name);
  assert.ok(lines.length <= 1, `${name} is there ${lines.length} times`);
  return lines[0]?.line.replace(/^[^:]*:\s*/, "").replace(/\r\n\s+/g, " ");
}

const over = await deployments({ after });

/** Runs the test over each deployment. */
const overEach = (name, run) =>
  test(name, { concurrency: 2 }, (t) =>
    Promise.all(over.map(({ name: deployment, fresh }) => t.test(`over ${deployment}`, () => run(fresh())))),
  );

overEach("a mail reads in English and in French, and says whom it is for and how it is stopped", async (deployment) => {
  const relay = await Relay.start();
  const service = await MailService.start(plain(relay), deployment);
  try {
    await service.category("billing", { label: { en: "Billing", fr: "Facturation" } });
    await service.category("security", { label: { en: "Security" }, mandatory: ["email"] });
    await service.contact("ada", { name: "Ada Lovelace", locale: "en", timezone: "Europe/London" });
    await service.contact("zoe", { name: "Zoé 🔔", locale: "fr", timezone: "Europe/Paris" });
    const content = { title: "Facture <n° 42> prête", body: "Première ligne\nSecond & last", link: "/invoices/42" };
    for (const user of ["ada", "zoe"]) {
      const { email } = await service.notify(user, { category: "billing", ...content });
      assert.equal(email, "queued");
    }
    await relay.until("two mails", ({ taken }) => taken.length === 2);
    await service.notify("ada", { category: "security", title: "New sign-in" });
    await relay.until("the third", ({ taken }) => taken.length === 3);

    const domains = new Set();
    for (const { from, to, bytes } of relay.taken) {
      const mail = await simpleParser(bytes);
      assert.equal(from, "bell@example.com");
      assert.deepEqual(to, [mail.to.value[0].address]);
      assert.equal(mail.to.value.length, 1);
      assert.deepEqual(mail.from.value, [{ address: "bell@example.com", name: "Example" }]);
      assert.match(mail.messageId, /^<c[0-9a-z]{24}@example\.com>$/);
      domains.add(mail.messageId);
      assert.equal(header(mail, "auto-submitted"), "auto-generated");
      assert.ok(Math.abs(Date.now() - mail.date) < 60_000, String(mail.date));
      assert.match(header(mail, "content-type"), /^multipart\/alternative/);

      const mandatory = mail.subject === "New sign-in";
      const french = to[0] === "zoe@example.com";
      assert.equal(header(mail, "content-language"), french ? "fr" : "en");
      const list = header(mail, "list-unsubscribe");
      assert.equal(header(mail, "list-unsubscribe-post"), mandatory ? undefined : "List-Unsubscribe=One-Click");
      if (mandatory) {
        assert.equal(list, undefined);
        assert.ok(!mail.text.includes("unsubscribe?") && !mail.html.includes("unsubscribe?"));
        continue;
      }
      const link = list.match(/^<(https:\/\/[^<>\s]+)>$/)[1];
      assert.ok(link.startsWith(`${PUBLIC}/api/notifications/unsubscribe?token=`), link);
      assert.equal(mail.subject, content.title);
      assert.equal(mail.to.value[0].name, french ? "Zoé 🔔" : "Ada Lovelace");
      for (const line of [content.title, ...content.body.split("\n"), `${APP}${content.link}`, link]) {
        assert.ok(
          mail.text.split(/\r?\n/).some((text) => text.includes(line)),
          `${line} is not in:\n${mail.text}`,
        );
      }
      assert.ok(mail.text.includes(french ? "Bonjour Zoé 🔔," : "Ada Lovelace"), mail.text);
      assert.ok(mail.text.includes(french ? "«\u00a0Facturation\u00a0»" : "Billing"), mail.text);
      assert.match(mail.html, new RegExp(`<html[^>]* lang="${french ? "fr" : "en"}"`));
      assert.ok(mail.html.includes("Facture &lt;n° 42&gt; prête"), mail.html);
      const links = [...mail.html.matchAll(/(?:href|src|action)="([^"]*)"/g)].map(([, to]) => to);
      assert.ok(links.includes(`${APP}${content.link}`) && links.includes(link), String(links));
      assert.ok(
        links.every((to) => to.startsWith(APP) || to.startsWith(PUBLIC)),
        String(links),
      );
    }
    assert.equal(domains.size, 3, "every mail has a Message-ID of its own");
  } finally {
    await service.stop();
    await relay.stop();
  }
});

overEach(
  "a relay that takes a bare line feed for the end of a line is given one mail for each notification",
  async (deployment) => {
    const relay = await aiosmtpd();
    const service = await MailService.start(plain(relay), deployment);
    try {
      await service.category("billing");
      await service.contact("ada", { name: "Ada\r\nBcc: eve@example.com" });
      const ends = [
        "\r\n.\r\n",
        "\n.\n",
        "\r.\r",
        "\n.\r\n",
        "\r\n.\n",
        "\r\n.\r",
        "\r.\r\n",
        "\u2028.\u2028",
        "\u0085.\u0085",
      ];
      const more =
        "MAIL FROM:<eve@example.com>\r\nRCPT TO:<eve@example.com>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n";
      for (const end of ends) {
        const text = `before${end}${more}`;
        const { id } = await service.notify("ada", { category: "billing", title: text, body: text });
        await service.delivery(id, ({ state }) => state === "sent");
      }
      await relay.stop();
      for (const { from, to, bytes } of relay.taken) {
        assert.deepEqual([from, to], ["bell@example.com", ["ada@example.com"]]);
        const mail = await simpleParser(bytes);
        assert.ok(mail.subject.startsWith("before"), mail.subject);
        assert.deepEqual([mail.to.value.length, mail.bcc, mail.cc], [1, undefined, undefined]);
        assert.ok(mail.text.includes("RCPT TO:<eve@example.com>"), mail.text);
      }
      assert.equal(relay.taken.length, ends.length);
    } finally {
      await service.stop();
      await relay.stop();
    }
  },
);
