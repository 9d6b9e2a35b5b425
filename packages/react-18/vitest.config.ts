/** The tests of `@grelot/react`, with React 18 and the modules of both packages as they are published. Not here: the tests. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { published } from "../published.js";
import { projects } from "../react/vitest.config.js";

const own = (name: string): string => fileURLToPath(new URL(`node_modules/${name}`, import.meta.url));
const root = fileURLToPath(new URL("../react/", import.meta.url));

const alias = { "react-dom": own("react-dom"), react: own("react") };

export default defineConfig(projects("18", root, alias, [published("client", "react")]));
