// The service against its own OpenAPI document, by schemathesis: whatever is sent, the answer is one that the document
// promises, in status, type, headers and body, and never a server error.

import { spawn } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
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

test("every answer is one that the OpenAPI document promises", async () => {
  const service = await Service.start();
  try {
    const config = path.join(import.meta.dirname, "schemathesis.toml");
    const document = path.join(root, "docs/openapi.json");
    const args = ["--config-file", config, "run", document, "--url", service.url, "--checks", checks.join()];
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
    console.log(said.slice(said.indexOf("Test cases:")).trim());
  } finally {
    await service.stop();
  }
});
