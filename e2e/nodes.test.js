// Two services on one PostgreSQL, told of each other by NOTIFY: what is done on one is seen on the other. Not here: nodes that
// are killed (the testkit's `nodes`), and one service.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { follow } from "./support/follow.js";
import { Postgres } from "./support/postgres.js";
import { Service } from "./support/service.js";

const ROUNDS = 200;
/** How long the other node may know nothing of a session that was ended, in milliseconds. */
const ENDED = 2_000;

let server;
let one;
let other;

before(async () => {
  server = await Postgres.start();
  one = await Service.start({ GRELOT_DATABASE: server.fresh() });
  other = await one.beside();
});

after(async () => {
  await other?.stop();
  await one?.stop();
  await server?.stop();
});

/** Asks a service with this bearer; resolves to the JSON. */
async function ask(service, bearer, method, where, body) {
  const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json" };
  const answer = await fetch(`${service.url}${where}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${where} was answered ${answer.status}: ${text}`);
  return text === "" ? null : JSON.parse(text);
}

test("a stream on one shows what is sent to the other, each once and in order", async (t) => {
  const stream = await follow(other, "ada");
  const sent = [];
  const took = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    sent.push(...(await one.notify("ada", 1)));
    await stream.until("it", ({ created }) => created.length === sent.length);
    took.push(performance.now() - began);
  }
  assert.deepEqual(stream.created, sent);
  took.sort((a, b) => a - b);
  const [p50, p99] = [0.5, 0.99].map((part) => took[Math.floor(ROUNDS * part)].toFixed(1));
  t.diagnostic(`from a request on one to its event on the other: p50 ${p50} ms, p99 ${p99} ms of ${ROUNDS}`);
  stream.close();
});

test("what is read, and a preference, on one is an event on the other", async () => {
  const token = one.token("bob");
  const [id] = await one.notify("bob", 1);
  const stream = await follow(other, "bob");
  await ask(one, token, "POST", `/api/notifications/${id}/read`);
  await stream.until("the read", ({ events }) => events.some(({ event }) => event === "notification.read"));
  await ask(one, token, "PUT", "/api/notifications/preferences", { email: false });
  await stream.until("the preference", ({ events }) => events.some(({ event }) => event === "preferences.updated"));
  assert.equal((await ask(other, token, "GET", "/api/notifications/preferences")).email, false);
  assert.equal((await ask(other, token, "GET", "/api/notifications/unread-count")).unreadCount, 0);
  stream.close();
});

test("sessions that are ended on one are ended on the other, its streams included", async (t) => {
  const token = one.token("cid");
  const stream = await follow(other, "cid");
  const began = performance.now();
  await ask(one, one.apiKey, "DELETE", "/api/internal/users/cid/sessions");
  const since = () => Math.round(performance.now() - began);
  await stream.ended;
  const streams = since();
  assert.ok(streams < ENDED, `the stream ended after ${streams} ms`);
  const headers = { authorization: `Bearer ${token}` };
  while ((await fetch(`${other.url}/api/notifications`, { headers })).status !== 401) {
    assert.ok(since() < ENDED, "the token lives on");
  }
  t.diagnostic(`its stream ended after ${streams} ms, its token after ${since()} ms`);
});

test("who waits on one for changes is answered when they are made on the other", async () => {
  const token = one.token("dan");
  await one.notify("dan", 1);
  const since = (await ask(other, token, "GET", "/api/notifications/unread-count")).seq;
  const waiting = ask(other, token, "GET", `/api/notifications/changes?since=${since}&wait=20`);
  const [id] = await one.notify("dan", 1);
  const { events } = await waiting;
  assert.deepEqual(
    events.map(({ event, data }) => [event, data.notification.id]),
    [["notification.created", id]],
  );
});
