/** Prints what the client weighs in a page: bundled, minified, gzipped. The budget is held by `test/size.test.ts`. */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Bytes of an entry point, minified and gzipped. */
export async function weigh(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

if (import.meta.filename === process.argv[1] || process.argv[1]?.endsWith("size.js")) {
  for (const entry of ["src/index.ts", "src/server/index.ts"]) console.log(entry, await weigh(entry));
}
