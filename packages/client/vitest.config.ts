/**
 * How the client's tests run: in Node, with fakes of their own for everything of a browser; those that look at it from outside
 * once more with its modules as they are published.
 */
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vitest/config";
import { compile } from "../build.js";

const root = fileURLToPath(new URL(".", import.meta.url));

const published: Plugin = {
  name: "published",
  async load(id) {
    if (!id.startsWith(`${root}src/`)) return;
    const path = id.slice(`${root}src/`.length).replace(/\.ts$/, ".js");
    return (await modules).get(path)?.code;
  },
};
const modules = compile(root);

const settings = { unstubGlobals: true, restoreMocks: true };

export default defineConfig({
  test: {
    projects: [
      { test: { name: "source", include: ["test/**/*.test.ts"], ...settings } },
      {
        plugins: [published],
        test: { name: "published", include: ["test/{actions,connection,server,sse,tabs,toasts}.test.ts"], ...settings },
      },
    ],
  },
});
