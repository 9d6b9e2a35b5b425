/** What the package weighs in a page: bundled with the client, minified, gzipped, React outside. `test/size.test.ts` holds it. */
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const gzipped = (bytes) => gzipSync(bytes, { level: 9 }).length;

/** Bytes of what `code` takes from the package's sources. */
export async function weigh(code) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: new URL("../src", import.meta.url).pathname, loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    external: ["react", "react/jsx-runtime", "react-dom"],
    conditions: ["@grelot/source"],
    write: false,
    logLevel: "error",
  });
  return gzipped(outputFiles[0].contents);
}

/** Bytes of the style sheet. */
export async function weighStyle() {
  const source = await readFile(new URL("../style.css", import.meta.url), "utf8");
  return gzipped((await transform(source, { loader: "css", minify: true })).code);
}

export const HOOKS =
  'export { GrelotProvider, useNotifications, useUnreadCount, useNotificationEvents, useGrelotClient } from "./index"';

if (process.argv[1]?.endsWith("size.js")) {
  const style = await weighStyle();
  console.log("hooks and client", await weigh(HOOKS));
  console.log("the same and preferences", await weigh(`${HOOKS}\nexport { usePreferences } from "./index"`));
  console.log("everything without style", await weigh('export * from "./index"'));
  console.log("style", style);
  console.log("everything", (await weigh('export * from "./index"')) + style);
}
