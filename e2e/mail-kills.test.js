// A service that is killed in the middle of a delivery, at each step of it, and a relay that is down for a while: the mail is sent in
// the end, and where the relay had it already it gets the same mail. On SQLite it is sent by the same service, started again; of two
// nodes by the one that lives. Not here: a relay that refuses (`mail-faults.test.js`).

import assert from "node:assert/strict";
import { test } from "node:test";
import { Relay } from "./mail/relay.js";
import { MailService } from "./mail/service.js";
import { deployments, onNats, onSqlite } from "./support/deployments.js";

const text = ({ bytes }) => bytes.toString("latin1");
const outcomes = ({ attempts }) => attempts.map(({ outcome }) => outcome);
const sent = ({ state }) => state === "sent";
const never = () => new Promise(() => {});

/** What the relay does with the first delivery, so that it stands at a step; each calls `reached` when it does. */
const steps = {
  "before the relay has greeted": (relay, reached) => {
    relay.onConnection = () => reached();
  },
  "when the relay knows the sender": (relay, reached) => {
    relay.onRecipient = () => reached();
  },
  "when the relay has the whole mail and does not answer": (relay, reached) => {
    relay.onMessage = () => reached();
  },
};

/** Runs `body` with a relay and a service that has something to mail to; both have ended when it resolves. */
async function withMail(deployment, body) {
  const relay = await Relay.start();
  const service = await MailService.start(`smtp://127.0.0.1:${relay.port}`, deployment);
  try {
    await service.category("billing");
    await service.contact("ada");
    // So that it is known which of two delivers.
    await service.nodes[1]?.kill();
    await body(relay, service);
  } finally {
    await service.stop();
    await relay.stop();
  }
}

/** The other node is back, if there is another; then the first, which delivers, is killed. */
async function killFirst({ nodes: [first, second] }) {
  await second?.start();
  await first.kill();
}

/** The other node, else the same one again, sends it, once the lease of the first one has run out. */
async function sentByTheNext(relay, service, id, taken) {
  relay.onConnection = relay.onRecipient = () => {};
  relay.onMessage = async () => {};
  if (service.nodes.length === 1) await service.start();
  await relay.until("the mail", (seen) => seen.taken.length === taken);
  const delivery = await service.delivery(id, sent);
  assert.deepEqual(outcomes(delivery), ["lost", "sent"]);
  assert.ok(
    relay.seen.every((mail) => text(mail) === text(relay.seen[0])),
    "the same mail",
  );
}

/** All of it in a deployment, at a time: most of it is waiting. */
async function kills(t, fresh) {
  const killed = Object.entries(steps).map(([step, stand]) =>
    t.test(`by a service that is killed ${step}`, () =>
      withMail(fresh(), async (relay, service) => {
        const standing = new Promise((resolve) => {
          stand(relay, () => {
            resolve();
            return never();
          });
        });
        const { id } = await service.notify("ada", { category: "billing" });
        await standing;
        await killFirst(service);
        await sentByTheNext(relay, service, id, 1);
      }),
    ),
  );
  const unsettled = t.test("and is the same mail if the service is killed when the relay has taken it", () =>
    withMail(fresh(), async (relay, service) => {
      let answer;
      relay.onMessage = () => new Promise((resolve) => (answer = resolve));
      const { id } = await service.notify("ada", { category: "billing" });
      await relay.until("the mail", ({ seen }) => seen.length === 1);
      // The answer reaches a process that stands still, and so writes nothing down.
      await service.nodes[0].freeze();
      answer();
      await relay.until("the mail", ({ taken }) => taken.length === 1);
      await killFirst(service);
      await sentByTheNext(relay, service, id, 2);
    }),
  );
  const down = t.test("while the relay is down", async () => {
    const first = await Relay.start();
    const { port } = first;
    await first.stop();
    const service = await MailService.start(`smtp://127.0.0.1:${port}`, fresh());
    let relay;
    try {
      await service.category("billing");
      const users = ["ada", "bob", "zoe"];
      for (const user of users) await service.contact(user);
      const told = [];
      for (const user of users) told.push(await service.notify(user, { category: "billing" }));
      const waits = ({ state, attempts }) => state === "pending" && attempts.length === 1;
      for (const { id } of told) assert.deepEqual(outcomes(await service.delivery(id, waits)), ["failed"]);
      relay = await Relay.start({ port });
      await relay.until("the mails", ({ taken }) => taken.length === users.length);
      for (const { id } of told) assert.deepEqual(outcomes(await service.delivery(id, sent)), ["failed", "sent"]);
      assert.deepEqual(relay.seen.map(({ to }) => to[0]).sort(), [
        "ada@example.com",
        "bob@example.com",
        "zoe@example.com",
      ]);
    } finally {
      await service.stop();
      await relay?.stop();
    }
  });
  await Promise.all([...killed, unsettled, down]);
}

test("a mail is not lost", { concurrency: 2 }, async (t) => {
  const over = await deployments(t, (each) => onSqlite(each) || onNats(each));
  const tests = over.map(({ name, fresh }) => t.test(`over ${name}`, { concurrency: 5 }, (t) => kills(t, fresh)));
  await Promise.all(tests);
});
