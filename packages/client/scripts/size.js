/** What a package weighs in a page: bundled as Vite does it, minified, gzipped. The budget is held by `test/size.test.ts`. */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { compile } from "../../build.js";

const packages = fileURLToPath(new URL("../../", import.meta.url));

/** The modules of these packages as they are published, by what they are asked for as. */
async function published(names) {
  const modules = new Map();
  for (const name of names) {
    for (const [path, { code }] of await compile(packages + name)) modules.set(`${packages}${name}/dist/${path}`, code);
  }
  return modules;
}

/** Bytes of what `code` takes from `@grelot/client`, and from the other packages that are named. */
export async function weigh(code, names = ["client"]) {
  const modules = await published(names);
  const bundle = await rolldown({
    input: "entry",
    external: /^react/,
    plugins: [
      {
        name: "published",
        resolveId(id, from) {
          if (id === "entry") return id;
          const [, name, part = "index"] = /^@grelot\/(\w+)(?:\/(\w+))?$/.exec(id) ?? [];
          if (name) return `${packages}${name}/dist/${part === "index" ? "" : `${part}/`}index.js`;
          if (id.startsWith(".")) return fileURLToPath(new URL(id, `file://${from}`));
        },
        load(id) {
          return { code: id === "entry" ? code : modules.get(id), moduleSideEffects: id === "entry" };
        },
      },
    ],
    onLog() {},
  });
  const { output } = await bundle.generate({ format: "esm", minify: true, comments: false, topLevelVar: true });
  await bundle.close();
  return gzipped(output[0].code);
}

export const gzipped = (text) => gzipSync(text, { level: 9 }).length;

if (process.argv[1]?.endsWith("client/scripts/size.js")) {
  console.log("client", await weigh('export { createClient } from "@grelot/client"'));
  console.log("client and preferences", await weigh('export * from "@grelot/client"'));
  console.log("server", await weigh('export * from "@grelot/client/server"'));
}
