// Runs `eventsource/` of web-platform-tests, as `scripts/wpt` has unpacked it, in Chromium: with the browser's own `EventSource`,
// then with the client's stream in its place. Fails where a test that has to pass does not, or the other way round.
// Not here: the tests and their server (`.cache/wpt`), what takes the place (`adapter.ts`), what may fail (`failing.js`).

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { failing } from "./failing.js";

const here = import.meta.dirname;
const suite = path.resolve(here, "../../.cache/wpt");
const domain = "web-platform.test";
/** The longest of these tests takes 10 s by itself. */
const PATIENCE = 30_000;
const AT_ONCE = 4;

/** Ports that were free just now. */
async function ports(count) {
  const servers = Array.from({ length: count }, () => net.createServer());
  await Promise.all(servers.map((server) => new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))));
  const found = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return found;
}

/** The pages of the suite: a script is one for a window and, unless it says otherwise, one for a worker. Not service workers: those need TLS. */
function pages() {
  const found = [];
  for (const file of readdirSync(path.join(suite, "eventsource"), { recursive: true }).sort()) {
    if (file.startsWith("resources")) continue;
    const [, stem, kind] = /^(.*)\.(any\.js|window\.js|worker\.js|htm)$/.exec(file) ?? [];
    if (kind === "htm") found.push(file);
    if (kind === "window.js") found.push(`${stem}.window.html`);
    if (kind === "worker.js") found.push(`${stem}.worker.html`);
    if (kind !== "any.js") continue;
    const [, globals = "window,dedicatedworker"] =
      /^\/\/ META: global=(.*)$/m.exec(readFileSync(path.join(suite, "eventsource", file), "utf8")) ?? [];
    const named = globals.split(",");
    if (named.includes("window")) found.push(`${stem}.any.html`);
    if (named.includes("worker") || named.includes("dedicatedworker")) found.push(`${stem}.any.worker.html`);
    if (named.includes("worker")) found.push(`${stem}.any.sharedworker.html`);
  }
  return found;
}

/** Puts the script before all others in workers; in documents, the browser does. */
function prepare(script) {
  writeFileSync(path.join(suite, "adapter.js"), script);
  const first = 'if (typeof importScripts === "function") importScripts("/adapter.js");\n';
  const scripts = ["resources/testharness.js"];
  for (const folder of ["eventsource/dedicated-worker", "eventsource/shared-worker"]) {
    for (const file of readdirSync(path.join(suite, folder))) {
      if (/^[^.]*\.js$/.test(file)) scripts.push(path.join(folder, file));
    }
  }
  for (const file of scripts) {
    const text = readFileSync(path.join(suite, file), "utf8");
    if (!text.startsWith(first)) writeFileSync(path.join(suite, file), first + text);
  }
}

/** The suite's server; resolves to its origin and what ends it. */
async function serve() {
  const place = mkdtempSync(path.join(tmpdir(), "grelot-wpt-"));
  const http = await ports(2);
  const none = [
    "https",
    "ws",
    "wss",
    "h2",
    "webtransport-h3",
    "http-local",
    "http-private",
    "http-public",
    "https-local",
    "https-private",
    "https-public",
  ];
  const config = {
    browser_host: domain,
    server_host: "127.0.0.1",
    check_subdomains: false,
    ssl: { type: "none" },
    ports: { http, ...Object.fromEntries(none.map((name) => [name, []])) },
  };
  const file = path.join(place, "config.json");
  writeFileSync(file, JSON.stringify(config));
  const args = [path.join(here, "serve.py"), suite, "--config", file];
  const child = spawn("python3", args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  let said = "";
  for (const output of [child.stdout, child.stderr]) {
    output.on("data", (text) => {
      said += text;
    });
  }
  // It says that it starts before it listens.
  while (!(await fetch(`http://127.0.0.1:${http[0]}/`).catch(() => null))) {
    if (child.exitCode !== null) throw new Error(`the server ended: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const stop = async () => {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    process.kill(-child.pid, "SIGKILL");
    await gone;
    rmSync(place, { recursive: true });
  };
  return { origin: `http://${domain}:${http[0]}`, stop };
}

/** Runs one page; resolves to its tests' names and whether they passed. */
async function run(browser, origin, file, script) {
  const context = await browser.newContext();
  try {
    await context.addInitScript(script);
    const page = await context.newPage();
    let tell;
    const told = new Promise((resolve) => {
      tell = resolve;
    });
    await page.exposeFunction("told", tell);
    await page.addInitScript(() => {
      // The harness calls back into a page that has its functions.
      addEventListener("DOMContentLoaded", () => {
        window.add_completion_callback?.((tests) =>
          window.told(tests.map(({ name, status, message }) => ({ name, passed: status === 0, message }))),
        );
      });
    });
    await page.goto(`${origin}/eventsource/${file}`, { waitUntil: "commit" });
    const late = new Promise((resolve) =>
      setTimeout(resolve, PATIENCE, [{ name: "(the page)", message: "no answer" }]),
    );
    return await Promise.race([told, late]);
  } catch (error) {
    return [{ name: "(the page)", message: error.message }];
  } finally {
    await context.close();
  }
}

/** Runs all of them; resolves to `page: test` → message, or null where it passed. */
async function runAll(script) {
  prepare(script);
  const { origin, stop } = await serve();
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking", `--host-resolver-rules=MAP *${domain} 127.0.0.1`],
  });
  const results = new Map();
  try {
    const left = pages();
    const worker = async () => {
      for (let file = left.shift(); file; file = left.shift()) {
        for (const { name, passed, message } of await run(browser, origin, file, script)) {
          results.set(`${file}: ${name.replace(/:\d+\//, "/")}`, passed ? null : message);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } finally {
    await browser.close();
    await stop();
  }
  return results;
}

const { outputFiles } = await build({
  entryPoints: [path.join(here, "adapter.ts")],
  bundle: true,
  format: "iife",
  write: false,
});
/** How many passed, in windows and in all. */
function score(results) {
  const counted = (all) => `${all.filter(([, message]) => message === null).length} of ${all.length}`;
  const all = [...results];
  return `${counted(all.filter(([name]) => !/worker/.test(name.split(": ")[0])))} in windows, ${counted(all)} with workers`;
}

const native = await runAll("");
const client = await runAll(outputFiles[0].text);

let wrong = 0;
for (const name of new Set([...native.keys(), ...client.keys()])) {
  const [theirs, ours] = [native.get(name), client.get(name)];
  if (theirs) console.log(`   Chromium: ${name}: ${theirs}`);
  if (ours === null) {
    if (!failing.has(name)) continue;
    console.log(`!! passes, and is listed as failing: ${name}`);
  } else {
    console.log(`${failing.has(name) ? "  " : "!!"} client: ${name}: ${ours ?? "was not run"}`);
    if (failing.has(name)) continue;
  }
  wrong += 1;
}
console.log(`Chromium's EventSource: ${score(native)}`);
console.log(`the client's stream: ${score(client)}`);
process.exitCode = wrong ? 1 : 0;
