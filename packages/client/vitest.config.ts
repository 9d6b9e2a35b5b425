/**
 * How the client's tests run: in Node, with fakes of their own for everything of a browser; those that look at it from outside
 * once more with its modules as they are published.
 */
import { defineConfig } from "vitest/config";
import { published } from "../published.js";

const settings = { unstubGlobals: true, restoreMocks: true };

export default defineConfig({
  test: {
    projects: [
      { test: { name: "source", include: ["test/**/*.test.ts"], ...settings } },
      {
        plugins: [published("client")],
        test: { name: "published", include: ["test/{actions,connection,server,sse,tabs,toasts}.test.ts"], ...settings },
      },
    ],
  },
});
