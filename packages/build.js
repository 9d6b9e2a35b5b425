/**
 * Builds a package: `node ../build.js` in its folder. What is written to `dist` are its modules one by one, with their types and
 * source maps; names of properties that begin with an underscore, which only the package itself uses, are made short.
 *
 * `scripts/size.js` of the packages weighs the same. Not here: bundling and the rest of minifying, which are the application's.
 */
import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { transform } from "esbuild";
import { minifySync, transformSync } from "rolldown/utils";

/** As often as text has them: what is alike compresses. */
const LETTERS = "etaoinsrhldcumfpgwybvkxjqzETAOINSRHLDCUMFPGWYBVKXJQZ";
/** What JSX becomes: smaller than what the newer runtime makes of it. At the end, so that every line stays where it is. */
const ELEMENTS = '\nimport { createElement as _element, Fragment as _fragment } from "react";\n';
const INTERNAL = /^_[a-z]/;

/** The modules of the package in this folder: by path in `dist`, code and source map. */
export async function compile(folder) {
  const names = (await readdir(join(folder, "src"), { recursive: true })).filter((name) => /\.tsx?$/.test(name)).sort();
  const sources = await Promise.all(names.map((name) => readFile(join(folder, "src", name), "utf8")));
  const cache = short(sources.join("\n"));
  return new Map(
    names.map((name, at) => {
      const path = name.replace(/\.tsx?$/, ".js");
      const file = join(dirname(path), name.split("/").at(-1));
      const plain = transformSync(file, name.endsWith(".tsx") ? sources[at] + ELEMENTS : sources[at], {
        tsconfig: false,
        target: "es2022",
        jsx: { runtime: "classic", pragma: "_element", pragmaFrag: "_fragment" },
        sourcemap: true,
      });
      const { code, map, errors } = minifySync(path, plain.code, {
        module: true,
        compress: { target: "es2022" },
        mangle: false,
        mangleProps: { include: INTERNAL, cache },
        codegen: { removeWhitespace: false },
        sourcemap: true,
        inputMap: plain.map,
      });
      const problems = [...plain.errors, ...errors];
      if (problems.length) throw new Error(`${name}: ${problems.map(({ message }) => message).join(", ")}`);
      return [path, { code, map: { ...map, file: path, sources: [name] } }];
    }),
  );
}

/** A name for each property that begins with an underscore, the same in all modules: one letter, and two once those are used up. */
function short(text) {
  const uses = new Map();
  for (const [name] of text.matchAll(/(?<![\w$])_[a-z]\w*/g)) uses.set(name, (uses.get(name) ?? 0) + 1);
  const names = [...uses.keys()].sort((a, b) => uses.get(b) - uses.get(a) || (a < b ? -1 : 1));
  const name = (at) => (at < LETTERS.length ? LETTERS[at] : `$${name(at - LETTERS.length)}`);
  return Object.fromEntries(names.map((each, at) => [each, name(at)]));
}

/** A style sheet without what nobody reads. */
export async function compileStyle(source) {
  return (await transform(source, { loader: "css", minify: true })).code;
}

async function build() {
  await rm("dist", { recursive: true, force: true });
  const tsc = resolve(import.meta.dirname, "../node_modules/.bin/tsc");
  execFileSync(tsc, ["-p", "tsconfig.build.json", "--emitDeclarationOnly"], { stdio: "inherit" });
  for (const [path, { code, map }] of await compile(".")) {
    await mkdir(dirname(join("dist", path)), { recursive: true });
    const depth = "../".repeat(path.split("/").length);
    map.sources = map.sources.map((name) => `${depth}src/${name}`);
    await writeFile(join("dist", path), `${code}\n//# sourceMappingURL=${path.split("/").at(-1)}.map\n`);
    await writeFile(join("dist", `${path}.map`), JSON.stringify(map));
  }
  const style = await readFile("style.css", "utf8").catch(() => undefined);
  if (style) await writeFile("dist/style.css", await compileStyle(style));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await build();
