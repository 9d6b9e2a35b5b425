/** What the client weighs in a page: bundled, minified, gzipped. The budget is held by `test/size.test.ts`. */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Bytes of what `code` takes from the package's sources. */
export async function weigh(code) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: new URL("../src", import.meta.url).pathname, loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

if (process.argv[1]?.endsWith("size.js")) {
  console.log("client", await weigh('export { createClient } from "./index"'));
  console.log("client and preferences", await weigh('export * from "./index"'));
  console.log("server", await weigh('export * from "./server/index"'));
}
