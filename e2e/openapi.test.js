// The service against its own OpenAPI document, by schemathesis: whatever is sent, the answer is one that the document
// promises, in status, type, headers and body, and never a server error. On SQLite and on PostgreSQL.

import { spawn } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { deployments, onSqlite } from "./support/deployments.js";
import { root, Service } from "./support/service.js";

const checks = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_headers_conformance",
  "response_schema_conformance",
  "negative_data_rejection",
  "unsupported_method",
  "allow_header_conformance",
];

/** The second time it is the store that is new, and not what is refused before it. */
const FEWER = ["--max-examples", "20"];

test("every answer is one that the OpenAPI document promises", { concurrency: 2 }, async (t) => {
  const over = await deployments(t, ({ nodes }) => nodes === 1);
  const tests = over.map((each) =>
    t.test(`over ${each.name}`, (t) => explore(t, each.fresh(), onSqlite(each) ? [] : FEWER)),
  );
  await Promise.all(tests);
});

/** Asks a deployment for whatever the document allows, and forbids. */
async function explore(t, deployment, more) {
  const service = await Service.start(deployment);
  try {
    const config = path.join(import.meta.dirname, "schemathesis.toml");
    const document = path.join(root, "docs/openapi.json");
    const args = ["--config-file", config, "run", document, "--url", service.url, "--checks", checks.join(), ...more];
    const user = "schemathesis-user";
    const [id] = await service.notify(user, 1);
    const secrets = { GRELOT_API_KEY: service.apiKey, GRELOT_TOKEN: service.token(user), GRELOT_NOTIFICATION: id };
    const env = { ...process.env, ...secrets };
    const child = spawn(path.join(root, ".cache/venv/bin/schemathesis"), args, { env, cwd: path.join(root, ".cache") });
    const output = [];
    child.stdout.on("data", (bytes) => output.push(bytes));
    child.stderr.on("data", (bytes) => output.push(bytes));
    const status = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    const said = Buffer.concat(output).toString();
    if (status !== 0) throw new Error(said);
    t.diagnostic(said.slice(said.indexOf("Test cases:")).trim());
  } finally {
    await service.stop();
  }
}
