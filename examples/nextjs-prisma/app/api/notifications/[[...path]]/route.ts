/**
 * Passes the inbox on to Grelot, each byte as it comes: a stream is an answer that does not end.
 *
 * Not `rewrites` of the configuration: they are fixed when the application is built, and end a stream that is quiet for 30 s.
 */
import type { NextRequest } from "next/server";
import { grelotUrl } from "@/grelot";

/** Of one connection only, or of what `fetch` has undone. */
const NOT_PASSED_ON = ["connection", "keep-alive", "transfer-encoding", "content-length", "host", "accept-encoding"];

async function pass({ method, headers, body, nextUrl, signal }: NextRequest): Promise<Response> {
  const passed = new Headers(headers);
  for (const name of NOT_PASSED_ON) passed.delete(name);
  const url = new URL(nextUrl.pathname + nextUrl.search, grelotUrl);
  // Half a duplex: what `fetch` asks for where a body is a stream.
  const init = { method, headers: passed, body, signal, duplex: "half", redirect: "manual" } as RequestInit;
  const answer = await fetch(url, init).catch(() => new Response(null, { status: 502 }));
  return new Response(answer.body, answer);
}

export { pass as DELETE, pass as GET, pass as POST, pass as PUT };
