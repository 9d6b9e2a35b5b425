/** The generated types are those of the document that the server's own tests hold up to date. */
import { readFile } from "node:fs/promises";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { expect, test } from "vitest";

test("the generated types are fresh (npm run generate)", async () => {
  const document = new URL("../../../docs/openapi.json", import.meta.url);
  const generated = COMMENT_HEADER + astToString(await openapiTS(document, { immutable: true }));
  const committed = await readFile(new URL("../src/api/schema.gen.ts", import.meta.url), "utf8");
  expect(committed === generated, "docs/openapi.json has changed: run `npm run generate -w @grelot/client`").toBe(true);
});
