/** The demo page, built from the packages' sources into `dist`, which the binary embeds. */
import { defineConfig } from "vite";

export default defineConfig({
  base: "/demo/",
  resolve: { conditions: ["@grelot/source", "module", "browser", "development|production"] },
  // Everything a file of its own: the page's policy allows nothing inline.
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, cssMinify: "lightningcss" },
  // `npm run dev`, beside a `grelot demo` on its usual port.
  server: { proxy: { "/api": "http://127.0.0.1:4000", "/demo/notify": "http://127.0.0.1:4000" } },
});
