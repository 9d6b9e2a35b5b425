// The shop's own server: signs the visitor in, places orders and tells about them, passes the inbox on to Grelot, serves the
// page. Not here: anything of notifications beyond `createNotification`.

import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { pipeline } from "node:stream";
import { createServer, signToken } from "@grelot/client/server";

const { PORT = "3000", GRELOT_URL = "http://127.0.0.1:4000", GRELOT_API_KEY, GRELOT_JWT_SECRET } = process.env;
const { createNotification } = createServer({ url: GRELOT_URL, apiKey: GRELOT_API_KEY });

const session = 12 * 60 * 60;
const dist = path.join(import.meta.dirname, "dist");
const kinds = { ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml" };
const dev = process.argv.includes("--dev");
const vite = dev && (await (await import("vite")).createServer({ server: { middlewareMode: true } }));
const files = dev ? [] : (await readdir(dist, { recursive: true })).filter(path.extname);

/** Who asks. A host knows it from its own session; here it is always the same visitor. */
const visitor = () => "ada";

/** The page, and with it the cookie that tells Grelot who looks at it. */
async function page(request, response) {
  const token = await signToken({ userId: visitor(request), secret: GRELOT_JWT_SECRET, ttlSeconds: session });
  // Behind TLS, add `Secure`.
  response.setHeader("set-cookie", `grelot_token=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${session}`);
  if (vite) return vite.middlewares(request, response);
  response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
  response.end(await readFile(path.join(dist, "index.html")));
}

async function placeOrder(request, response) {
  const order = randomUUID().slice(0, 8);
  await createNotification(
    { userId: visitor(request), type: "SUCCESS", title: `Order ${order} is placed`, link: `/?order=${order}` },
    { idempotencyKey: `order-${order}-placed` },
  );
  response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify({ order }));
}

/** Each byte goes on as it comes: a stream is an answer that does not end. */
function toGrelot(request, response, url) {
  const { method, headers } = request;
  const upstream = http.request(new URL(url.pathname + url.search, GRELOT_URL), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    pipeline(answer, response, () => upstream.destroy());
  });
  upstream.on("error", () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
  response.on("close", () => upstream.destroy());
  request.pipe(upstream);
}

async function answer(request, response) {
  const url = new URL(request.url, "http://shop");
  const { pathname } = url;
  if (/^\/api\/notifications(\/|$)/.test(pathname)) return toGrelot(request, response, url);
  if (pathname === "/orders" && request.method === "POST") return placeOrder(request, response);
  if (pathname === "/") return page(request, response);
  if (vite) return vite.middlewares(request, response);
  if (!files.includes(pathname.slice(1))) return response.writeHead(404).end();
  response.writeHead(200, { "content-type": kinds[path.extname(pathname)] ?? "application/octet-stream" });
  response.end(await readFile(path.join(dist, pathname)));
}

const server = http.createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    if (!response.headersSent) response.writeHead(500).end();
  });
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
