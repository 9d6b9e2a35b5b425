/**
 * How the tests run: what a browser does in Chromium, against a server in memory; what a server renders, and sizes, in Node.
 *
 * `CHROMIUM` says where it is. `packages/react-18` runs the same once more with React 18, and with what is published.
 */
import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type Plugin, type ViteUserConfig } from "vitest/config";

/** The tests, with that version of React, to which `alias` leads. */
export function projects(
  version: string,
  root: string,
  alias: Record<string, string> = {},
  plugins: Plugin[] = [],
): ViteUserConfig {
  const env = { REACT: version };
  const resolve = { alias, conditions: ["@grelot/source", "module", "browser", "development|production"] };
  const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  const args = ["--no-sandbox", "--disable-background-networking"];
  return {
    test: {
      projects: [
        {
          root,
          resolve,
          plugins,
          ssr: { resolve: { conditions: ["@grelot/source", "module", "node", "development|production"] } },
          // What is inside has other names in what is published.
          test: { env, name: "node", include: [`test/${plugins.length ? "node" : "{node,lib}"}/**/*.test.{ts,tsx}`] },
        },
        {
          root,
          resolve,
          plugins,
          optimizeDeps: { include: ["react", "react/jsx-dev-runtime", "react-dom/client", "react-dom/server"] },
          test: {
            env,
            name: "browser",
            include: ["test/browser/**/*.test.tsx"],
            browser: {
              enabled: true,
              headless: true,
              screenshotFailures: false,
              provider: playwright({ launchOptions: { executablePath, args } }),
              instances: [{ browser: "chromium" }],
              viewport: { width: 900, height: 700 },
            },
          },
        },
      ],
    },
  };
}

export default defineConfig(projects("19", new URL(".", import.meta.url).pathname));
