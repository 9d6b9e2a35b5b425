// Stream clients that others wrote, from the browser's to curl: each reads from the beginning, follows, resumes by
// `Last-Event-ID` after the service was killed, and shows every notification once, in order. Over each deployment.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { nativeEventSource } from "./clients/chromium.js";
import { npmEventSource } from "./clients/eventsource.js";
import { launchdarklyEventSource } from "./clients/launchdarkly.js";
import { deployments } from "./support/deployments.js";
import { program } from "./support/process.js";
import { Seen } from "./support/seen.js";
import { root, Service } from "./support/service.js";

const python = path.join(root, ".cache/venv/bin/python");
const client = (name) => path.join(import.meta.dirname, "clients", name);

const clients = {
  "Chromium's EventSource": nativeEventSource,
  "npm eventsource": npmEventSource,
  "npm launchdarkly-eventsource": launchdarklyEventSource,
  "PyPI httpx-sse": program(python, client("httpx_sse_client.py")),
  "PyPI sseclient-py": program(python, client("sseclient_py.py")),
  "crate eventsource-stream": program(path.join(root, "target/debug/examples/foreign_client")),
  curl: program(client("curl.sh")),
};

test("foreign clients", { concurrency: 4 }, async (t) => {
  const over = await deployments(t);
  const running = over.flatMap(({ name: deployment, fresh }) =>
    Object.entries(clients).map(([name, connect]) => ({ name, connect, deployment, fresh })),
  );
  const tests = running.map(({ name, connect, deployment, fresh }) =>
    t.test(`${name} reads, resumes and survives a restart, over ${deployment}`, async () => {
      const service = await Service.start(fresh());
      const seen = new Seen();
      const sent = await service.notify("ada", 3);
      const url = `${service.url}/api/notifications/stream`;
      const close = await connect({ url, token: service.token("ada"), seen });
      try {
        await seen.until("ready", ({ ready }) => ready.length === 1);
        sent.push(...(await service.notify("ada", 3)));
        await seen.until("what was sent live", ({ created }) => created.length >= sent.length);

        await service.kill();
        await service.start();
        sent.push(...(await service.notify("ada", 3)));
        await seen.until("what was sent after the kill", ({ created }) => created.length >= sent.length);
        await seen.until("ready again", ({ ready }) => ready.length === 2);
        sent.push(...(await service.notify("ada", 1)));
        await seen.until("what was sent last", ({ created }) => created.length >= sent.length);

        assert.deepEqual(seen.created, sent, "each once, in order");
        assert.deepEqual(
          seen.ready.map(({ data }) => data.resumed),
          [true, true],
        );
        assert.ok(seen.events.every(({ id, data }) => id === String(data.seq)));
        assert.ok(!seen.events.some(({ event }) => event === "reset"));
      } finally {
        await close();
        await service.stop();
      }
    }),
  );
  await Promise.all(tests);
});
