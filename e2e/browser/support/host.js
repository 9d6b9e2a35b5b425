// A host application: it signs its users in, serves the demo page as it was built, and passes `/api` on to the service: of two
// nodes streams go to the one, and all else to the other, as long as both run.
// Between it and the browser lies a network that can be cut. Not here: the service, the browser.

import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { build } from "esbuild";
import { root } from "../../support/service.js";

const dist = path.join(root, "apps/demo/dist");
const secret = "0123456789abcdef0123456789abcdef";
const kinds = { ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml" };
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
  "require-trusted-types-for 'script'; trusted-types 'none'";

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token as a host signs it. */
function sign(user, seconds) {
  const now = Math.floor(Date.now() / 1000);
  const content = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ sub: user, iat: now, exp: now + seconds })}`;
  return `${content}.${createHmac("sha256", secret).update(content).digest("base64url")}`;
}

export class Host {
  /** Who is signed in by opening the page. */
  user = "demo";
  /** Of tokens, in seconds. */
  life = 3600;
  /** Streams that are open now: the user agent's requests, not those of the service. */
  streams = new Set();
  /** Tokens that were asked for. */
  tokens = 0;
  #service;
  #server = http.createServer((request, response) => this.#answer(request, response));
  #network = net.createServer((socket) => this.#connect(socket));
  #lines = new Set();
  #cut = false;

  /** Starts it before a service. */
  static async start(service) {
    const host = new Host();
    host.#service = service;
    await new Promise((resolve) => host.#server.listen(0, "127.0.0.1", resolve));
    await new Promise((resolve) => host.#network.listen(0, "127.0.0.1", resolve));
    return host;
  }

  get url() {
    return `http://127.0.0.1:${this.#network.address().port}/`;
  }

  /** The network is gone, as in a tunnel: nothing arrives, nothing is refused. */
  cut() {
    this.#cut = true;
    for (const [near, far] of this.#lines) {
      near.unpipe();
      far.unpipe();
    }
  }

  /** It is back; what was open before has been forgotten on the way. */
  mend() {
    this.#cut = false;
    for (const line of this.#lines) for (const socket of line) socket.destroy();
    this.#lines.clear();
  }

  async stop() {
    const closed = [this.#server, this.#network].map((each) => new Promise((resolve) => each.close(resolve)));
    this.mend();
    this.#server.closeAllConnections();
    await Promise.all(closed);
  }

  #connect(near) {
    const far = net.connect(this.#server.address().port, "127.0.0.1");
    const line = [near, far];
    this.#lines.add(line);
    for (const socket of line) {
      socket.on("error", () => {});
      socket.on("close", () => {
        // While it is cut, one end does not hear of the other.
        if (this.#cut) return;
        this.#lines.delete(line);
        for (const each of line) each.destroy();
      });
    }
    if (this.#cut) return;
    near.pipe(far);
    far.pipe(near);
  }

  async #answer(request, response) {
    const { pathname } = new URL(request.url, this.url);
    const text = (kind, body, headers = {}) => response.writeHead(200, { "content-type": kind, ...headers }).end(body);
    if (pathname.startsWith("/api/")) return this.#pass(request, response);
    if (pathname === "/token") {
      this.tokens++;
      return text("text/plain", sign(this.user, this.life));
    }
    // A host sends its mails to people; the panel of the demo stays empty.
    if (pathname === "/demo/mails") return text("application/json", "[]");
    if (pathname.startsWith("/pages/")) return text("text/javascript", await bundle(path.basename(pathname)));
    const page = pathname === "/" ? "index.html" : pathname.startsWith("/demo/") ? pathname.slice(6) : null;
    const own = pathname === "/signed" || pathname === "/elsewhere";
    if (own) return text("text/html", shell(pathname.slice(1)), { "content-security-policy": policy });
    const bytes = page && (await readFile(path.join(dist, page)).catch(() => null));
    if (!bytes) return response.writeHead(404).end();
    if (page !== "index.html") return text(kinds[path.extname(page)] ?? "application/octet-stream", bytes);
    const cookie = `grelot_token=${sign(this.user, this.life)}; Path=/; HttpOnly; SameSite=Lax`;
    text("text/html; charset=utf-8", bytes, { "set-cookie": cookie, "content-security-policy": policy });
  }

  #pass(request, response) {
    const stream = request.url.startsWith("/api/notifications/stream");
    const node = stream ? this.#service.url : this.#service.internalUrl;
    const upstream = http.request(`${node}${request.url}`, {
      method: request.method,
      headers: { ...request.headers, host: request.headers.host },
      agent: false,
    });
    if (stream) {
      this.streams.add(request);
      response.on("close", () => this.streams.delete(request));
    }
    upstream.on("error", () => response.destroy());
    upstream.on("response", (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.on("error", () => response.destroy());
      answer.on("close", () => response.destroy());
      answer.pipe(response);
    });
    response.on("close", () => upstream.destroy());
    request.pipe(upstream);
  }
}

const shell = (name) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${name}</title>
<link rel="icon" href="/demo/bell.svg"><script type="module" src="/pages/${name}.js"></script><div id="root"></div>`;

/** A page of the tests' own, from the packages' sources. */
async function bundle(name) {
  const { outputFiles } = await build({
    entryPoints: [path.join(root, "e2e/browser/pages", name.replace(/\.js$/, ".jsx"))],
    bundle: true,
    format: "esm",
    jsx: "automatic",
    conditions: ["@grelot/source"],
    define: { "process.env.NODE_ENV": '"production"' },
    write: false,
  });
  return outputFiles[0].text;
}
