// What becomes of a mail when the relay refuses, breaks off or cannot be trusted: each is sent in the end, or shown as given up, and
// what is sent again is the same mail. Not here: what a mail says (`mail.test.js`), and a service or a relay that goes away
// (`mail-kills.test.js`).

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { answer, Relay } from "./mail/relay.js";
import { MailService } from "./mail/service.js";

const plain = (relay) => `smtp://127.0.0.1:${relay.port}?tls=none`;
const text = ({ bytes }) => bytes.toString("latin1");
const tried = (count) => (delivery) => delivery.state === "pending" && delivery.attempts.length === count;
const ended = ({ state }) => !["pending", "sending", "collected"].includes(state);

/** Runs `body` with a relay and a service; both have ended when it resolves. */
async function withMail(body, more) {
  const relay = await Relay.start();
  const service = await MailService.start(plain(relay), more);
  try {
    await service.category("billing");
    await service.contact("ada");
    await body(relay, service);
  } finally {
    await service.stop();
    await relay.stop();
  }
}

/** A relay with a certificate for localhost and one account; `body` gets the URL's beginning, port and CA. */
async function withSecureRelay(secure, body) {
  const place = mkdtempSync(path.join(tmpdir(), "grelot-ca-"));
  const openssl = (subject, ...args) =>
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "1",
        "-subj",
        subject,
        ...args,
      ],
      { cwd: place, stdio: "pipe" },
    );
  openssl("/CN=Test CA", "-keyout", "ca.key", "-out", "ca.pem");
  const names = ["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"];
  openssl("/CN=localhost", "-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "relay.key", "-out", "relay.pem", ...names);
  const relay = await Relay.start({
    secure,
    key: readFileSync(path.join(place, "relay.key")),
    cert: readFileSync(path.join(place, "relay.pem")),
    authOptional: false,
    onAuth: ({ username, password }, _session, done) =>
      username === "bell@example.com" && password === "p@ss/word"
        ? done(null, { user: username })
        : done(answer(535, "no")),
  });
  const account = "bell%40example.com:p%40ss%2Fword";
  try {
    await body(relay, account, path.join(place, "ca.pem"));
  } finally {
    await relay.stop();
    rmSync(place, { recursive: true });
  }
}

test("faults", { concurrency: 4 }, async (t) => {
  const cases = {
    "a mail that the relay refuses for good is a dead letter, which is sent again by command": () =>
      withMail(async (relay, service) => {
        relay.onRecipient = () => answer(550, "no such mailbox");
        const { id } = await service.notify("ada", { category: "billing" });
        const dead = await service.delivery(id, ended);
        assert.equal(dead.state, "dead");
        assert.deepEqual(
          dead.attempts.map(({ outcome }) => outcome),
          ["refused"],
        );
        assert.match(dead.attempts[0].answer, /^550 .*no such mailbox/);
        const [heads, row, ...rest] = service.run("deliveries", "list", "--state", "dead").split("\n");
        assert.match(heads, /^ID +STATE/);
        assert.ok(row.startsWith(dead.id) && row.includes("ada") && rest.length === 0, row);

        relay.onRecipient = () => {};
        service.run("deliveries", "retry", dead.id);
        await relay.until("the mail", ({ taken }) => taken.length === 1);
        assert.equal((await service.delivery(id, ended)).state, "sent");
        assert.throws(() => service.run("deliveries", "retry", dead.id), /is sent: only a dead letter/);
      }),

    "a mail that the relay does not take yet is sent later": () =>
      withMail(async (relay, service) => {
        relay.onMessage = async (_mail, number) => {
          if (number === 1) throw answer(451, "try again later");
        };
        const { id } = await service.notify("ada", { category: "billing" });
        await relay.until("the first attempt", ({ seen }) => seen.length === 1);
        const waits = await service.delivery(id, tried(1));
        assert.equal(waits.attempts[0].outcome, "failed");
        assert.match(waits.attempts[0].answer, /^451 .*try again later/);
        assert.ok(Date.parse(waits.dueAt) > Date.parse(waits.attempts[0].endedAt));
        await relay.until("the second attempt", ({ taken }) => taken.length === 1);
        const sent = await service.delivery(id, ended);
        assert.deepEqual([sent.state, sent.attempts.length, sent.reason], ["sent", 2, null]);
        assert.equal(text(relay.seen[0]), text(relay.seen[1]), "the same mail");
      }),

    "a mail whose answer was lost with the connection is sent again as the same mail": () =>
      withMail(async (relay, service) => {
        relay.onMessage = async (_mail, number) => (number === 1 ? "cut" : undefined);
        const { id } = await service.notify("ada", { category: "billing" });
        await relay.until("the second attempt", ({ taken }) => taken.length === 1);
        const sent = await service.delivery(id, ended);
        assert.deepEqual(
          sent.attempts.map(({ outcome }) => outcome),
          ["failed", "sent"],
        );
        assert.equal(text(relay.seen[0]), text(relay.seen[1]));
      }),

    "what is read before its mail goes out is not mailed": () =>
      withMail(
        async (relay, service) => {
          await service.category("billing", { email: { mode: "unread", delayMinutes: 0 } });
          await service.contact("zoe");
          let go;
          relay.onMessage = () => new Promise((resolve) => (go = resolve));
          // The only place is taken by a mail that the relay holds, so that the next one waits.
          await service.notify("ada", { category: "billing" });
          await relay.until("the first mail", ({ seen }) => seen.length === 1);
          const { id, email } = await service.notify("zoe", { category: "billing" });
          assert.equal(email, "queued");
          await service.tell("POST", `/api/notifications/${id}/read`, undefined, "zoe");
          go();
          const skipped = await service.delivery(id, ended);
          assert.deepEqual([skipped.state, skipped.reason, skipped.attempts], ["skipped", "read", []]);
          assert.equal(relay.seen.length, 1);
        },
        { env: { GRELOT_MAIL_CONCURRENCY: "1" } },
      ),
  };
  await Promise.all(Object.entries(cases).map(([name, run]) => t.test(name, run)));
});

for (const [scheme, secure] of [
  ["smtp", false],
  ["smtps", true],
]) {
  test(`over ${scheme} a mail is sent encrypted and with a login, to a relay whose certificate is known`, () =>
    withSecureRelay(secure, async (relay, account, ca) => {
      const tls = secure ? "" : "tls=required&";
      const service = await MailService.start(`${scheme}://${account}@localhost:${relay.port}?${tls}ca=${ca}`);
      try {
        await service.contact("ada");
        await service.category("billing");
        await service.notify("ada", { category: "billing" });
        await relay.until("the mail", ({ taken }) => taken.length === 1);
        const [{ user, secure, to }] = relay.taken;
        assert.deepEqual({ user, secure, to }, { user: "bell@example.com", secure: true, to: ["ada@example.com"] });
      } finally {
        await service.stop();
      }
    }));

  test(`over ${scheme} nothing is sent to a relay whose certificate is not known`, () =>
    withSecureRelay(secure, async (relay, account) => {
      const tls = secure ? "" : "?tls=required";
      const service = await MailService.start(`${scheme}://${account}@localhost:${relay.port}${tls}`);
      try {
        await service.contact("ada");
        await service.category("billing");
        const { id } = await service.notify("ada", { category: "billing" });
        const waits = await service.delivery(id, tried(1));
        assert.equal(waits.attempts[0].outcome, "failed");
        assert.match(waits.attempts[0].answer, /certificate|TLS/i);
        assert.ok(!waits.attempts[0].answer.includes("p@ss"));
        assert.equal(relay.seen.length, 0);
      } finally {
        await service.stop();
      }
    }));
}

test("without the encryption that is required nothing is sent", async () => {
  const relay = await Relay.start();
  const service = await MailService.start(`smtp://localhost:${relay.port}?tls=required`);
  try {
    await service.contact("ada");
    await service.category("billing");
    const { id } = await service.notify("ada", { category: "billing" });
    const waits = await service.delivery(id, tried(1));
    assert.equal(waits.attempts[0].outcome, "failed");
    assert.equal(relay.seen.length, 0);
  } finally {
    await service.stop();
    await relay.stop();
  }
});
