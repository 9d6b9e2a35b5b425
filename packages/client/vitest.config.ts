/** How the client's tests run: in Node, with fakes of their own for everything of a browser. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["test/**/*.test.ts"], unstubGlobals: true, restoreMocks: true },
});
