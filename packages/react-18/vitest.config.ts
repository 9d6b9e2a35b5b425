/** The tests of `@grelot/react`, with React 18. Not here: the tests. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { projects } from "../react/vitest.config.js";

const own = (name: string): string => fileURLToPath(new URL(`node_modules/${name}`, import.meta.url));
const root = fileURLToPath(new URL("../react/", import.meta.url));

export default defineConfig(projects("18", root, { "react-dom": own("react-dom"), react: own("react") }));
