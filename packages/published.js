/** For test runs that look at packages as they are published. Not here: how they are made so (`build.js`). */
import { resolve } from "node:path";
import { compile } from "./build.js";

/** A Vite plugin that puts the published modules of these packages in place of their sources. */
export function published(...names) {
  const folders = names.map((name) => resolve(import.meta.dirname, name));
  const modules = Promise.all(folders.map(compile));
  return {
    name: "published",
    enforce: "pre",
    async load(id) {
      const at = folders.findIndex((folder) => id.startsWith(`${folder}/src/`));
      if (at < 0) return;
      const path = id.slice(`${folders[at]}/src/`.length).replace(/\.tsx?$/, ".js");
      return (await modules)[at].get(path);
    },
  };
}
