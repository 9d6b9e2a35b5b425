/** The demo page, built from the packages' sources into `dist`, which the binary embeds. */
import { defineConfig } from "vite";

export default defineConfig({
  base: "/demo/",
  resolve: { conditions: ["@grelot/source", "module", "browser", "development|production"] },
  // Everything a file of its own: the page's policy allows nothing inline.
  build: {
    target: "es2022",
    // `light-dark()` and nesting as they are written.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The directive is for bundlers that split server from client.
    rolldownOptions: { onLog: (level, log, pass) => log.code !== "MODULE_LEVEL_DIRECTIVE" && pass(level, log) },
  },
  // `npm run dev`, beside a `grelot demo` on its usual port.
  server: {
    proxy: {
      "/api": "http://127.0.0.1:4000",
      "/demo/notify": "http://127.0.0.1:4000",
      "/demo/mails": "http://127.0.0.1:4000",
    },
  },
});
