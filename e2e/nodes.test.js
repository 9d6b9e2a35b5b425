// Two services on one PostgreSQL, told of each other by each bus: what is done on one is seen on the other, by the bus and not by the
// sweep, which is for when there is none. Not here: what is lost or doubled by kills (the testkit's `nodes`: nothing), and one service.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deployments, onNats, onTwoNodes } from "./support/deployments.js";
import { follow } from "./support/follow.js";
import { Service } from "./support/service.js";

const ROUNDS = 200;
/** Far less than the sweep takes, which would show the same every 2 s. */
const TOLD = 500;
/** What the sweep may take, and a machine that has other work. */
const SWEPT = 5_000;
/** How long the other node may know nothing of a session that was ended, in milliseconds. */
const ENDED = 2_000;

/** Asks a node with this bearer; resolves to the JSON. */
async function ask(node, bearer, method, where, body) {
  const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json" };
  const answer = await fetch(`${node.url}${where}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${where} was answered ${answer.status}: ${text}`);
  return text === "" ? null : JSON.parse(text);
}

/** Back ends ask one of the two, streams are on the other. */
const cases = {
  "a stream on one shows what is sent to the other, each once and in order": async (service, t) => {
    const stream = await follow(service, "ada");
    const sent = [];
    const took = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const began = performance.now();
      sent.push(...(await service.notify("ada", 1)));
      await stream.until("it", ({ created }) => created.length === sent.length);
      took.push(performance.now() - began);
    }
    assert.deepEqual(stream.created, sent);
    took.sort((a, b) => a - b);
    const [p50, p99] = [0.5, 0.99].map((part) => took[Math.floor(ROUNDS * part)]);
    assert.ok(p50 < TOLD, `half of them took ${p50} ms: nobody told the other node`);
    const shown = `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms of ${ROUNDS}`;
    t.diagnostic(`from a request on one to its event on the other: ${shown}`);
    stream.close();
  },

  "what is read, and a preference, on one is an event on the other": async (service) => {
    const [one, other] = service.nodes;
    const token = service.token("bob");
    const [id] = await service.notify("bob", 1);
    const stream = await follow(service, "bob");
    await ask(one, token, "POST", `/api/notifications/${id}/read`);
    await stream.until("the read", ({ events }) => events.some(({ event }) => event === "notification.read"));
    await ask(one, token, "PUT", "/api/notifications/preferences", { email: false });
    await stream.until("the preference", ({ events }) => events.some(({ event }) => event === "preferences.updated"));
    assert.equal((await ask(other, token, "GET", "/api/notifications/preferences")).email, false);
    assert.equal((await ask(other, token, "GET", "/api/notifications/unread-count")).unreadCount, 0);
    stream.close();
  },

  "sessions that are ended on one are ended on the other, its streams included": async (service, t) => {
    const [one, other] = service.nodes;
    const token = service.token("cid");
    const stream = await follow(service, "cid");
    const began = performance.now();
    await ask(one, service.apiKey, "DELETE", "/api/internal/users/cid/sessions");
    const since = () => Math.round(performance.now() - began);
    await stream.ended;
    const streams = since();
    assert.ok(streams < ENDED, `the stream ended after ${streams} ms`);
    const headers = { authorization: `Bearer ${token}` };
    while ((await fetch(`${other.url}/api/notifications`, { headers })).status !== 401) {
      assert.ok(since() < ENDED, "the token lives on");
    }
    t.diagnostic(`its stream ended after ${streams} ms, its token after ${since()} ms`);
  },

  "who waits on one for changes is answered when they are made on the other": async (service) => {
    const [, other] = service.nodes;
    const token = service.token("dan");
    await service.notify("dan", 1);
    const since = (await ask(other, token, "GET", "/api/notifications/unread-count")).seq;
    const waiting = ask(other, token, "GET", `/api/notifications/changes?since=${since}&wait=20`);
    const [id] = await service.notify("dan", 1);
    const { events } = await waiting;
    assert.deepEqual(
      events.map(({ event, data }) => [event, data.notification.id]),
      [["notification.created", id]],
    );
  },
};

test("of two nodes", async (t) => {
  for (const { name, fresh } of await deployments(t, onTwoNodes)) {
    const service = await Service.start(fresh());
    t.after(() => service.stop());
    for (const [what, run] of Object.entries(cases)) await t.test(`${what}, over ${name}`, (t) => run(service, t));
  }
});

test("with NATS gone one node learns from the database what the other did, and from NATS when that is back", async (t) => {
  const [{ fresh, servers }] = await deployments(t, onNats);
  const service = await Service.start(fresh());
  t.after(() => service.stop());
  const stream = await follow(service, "eve");
  const sent = [];
  const tell = async () => {
    const began = performance.now();
    sent.push(...(await service.notify("eve", 1)));
    await stream.until("it", ({ created }) => created.length === sent.length);
    return performance.now() - began;
  };

  await servers.nats.kill();
  const swept = [await tell(), await tell(), await tell()];
  assert.ok(Math.max(...swept) < SWEPT, `they took ${swept} ms`);
  await servers.nats.start();
  // It is used again once both nodes have found it; several in a row are told by it, and not by a sweep that was near.
  const began = performance.now();
  let quick = 0;
  while (quick < 5) {
    quick = (await tell()) < TOLD ? quick + 1 : 0;
    assert.ok(performance.now() - began < 30_000, "it is not used again");
  }
  assert.deepEqual(stream.created, sent);
  t.diagnostic(
    `without NATS it took ${swept.map(Math.round)} ms; told by it again after ${Math.round(performance.now() - began)} ms`,
  );
  stream.close();
});
