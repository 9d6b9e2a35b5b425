// A stream that is read as it comes, once: no resuming, no waiting after its end. Not here: clients that others wrote (`clients`).

import { Seen } from "./seen.js";

/** Follows the user's stream from now on; resolves when it is ready. */
export async function follow(service, user) {
  const seen = new Seen();
  const stop = new AbortController();
  const answer = await fetch(`${service.url}/api/notifications/stream`, {
    headers: { authorization: `Bearer ${service.token(user)}` },
    signal: stop.signal,
  });
  if (answer.status !== 200) throw new Error(`the stream was answered ${answer.status}`);
  seen.close = () => stop.abort();
  seen.ended = read(answer.body, seen).catch((error) => {
    // Closed by the test, or cut by the service.
    if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
  });
  await seen.until("ready", ({ ready }) => ready.length === 1);
  return seen;
}

async function read(body, seen) {
  let text = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) show(block, seen);
  }
}

function show(block, seen) {
  const fields = Object.fromEntries(block.split("\n").map((line) => line.match(/^(\w*): ?(.*)$/s)?.slice(1) ?? [line]));
  if (fields.event && fields.data) seen.add(fields);
}
