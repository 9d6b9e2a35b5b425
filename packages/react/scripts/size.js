/**
 * What the package weighs in a page: bundled with the client as Vite does it, minified, gzipped, React outside.
 * `test/node/size.test.ts` holds it.
 */
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { transform } from "esbuild";
import { rolldown } from "rolldown";

const gzipped = (text) => gzipSync(text, { level: 9 }).length;
const index = new URL("../src/index.ts", import.meta.url).pathname;

/** Bytes of these exports. */
export async function weigh(names) {
  const bundle = await rolldown({
    input: "entry",
    external: /^react/,
    resolve: { conditionNames: ["@grelot/source", "import"], extensionAlias: { ".js": [".ts", ".tsx", ".js"] } },
    transform: { jsx: { runtime: "automatic" }, target: "es2022" },
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === "entry" ? id : undefined),
        load: (id) => (id === "entry" ? `export { ${names} } from ${JSON.stringify(index)}` : undefined),
      },
    ],
    onLog() {},
  });
  const { output } = await bundle.generate({ minify: true, format: "esm" });
  await bundle.close();
  return gzipped(output[0].code);
}

/** Bytes of the style sheet. */
export async function weighStyle() {
  const source = await readFile(new URL("../style.css", import.meta.url), "utf8");
  return gzipped((await transform(source, { loader: "css", minify: true })).code);
}

export const HOOKS = "GrelotProvider, useNotifications, useUnreadCount, useNotificationEvents, useGrelotClient";
/** All that a page in one language can use: texts that are not imported are not in it. */
export const EVERYTHING = `${HOOKS}, usePreferences, Bell, Inbox, Toaster, Preferences, Connection`;

if (process.argv[1]?.endsWith("size.js")) {
  const style = await weighStyle();
  const everything = await weigh(EVERYTHING);
  console.log("hooks and client", await weigh(HOOKS));
  console.log("the same and preferences", await weigh(`${HOOKS}, usePreferences`));
  console.log("everything without style", everything);
  console.log("style", style);
  console.log("everything", everything + style);
  console.log("French", (await weigh(`${EVERYTHING}, fr`)) - everything);
}
