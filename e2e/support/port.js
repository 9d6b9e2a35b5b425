// A port for a server that has to be told one, and may be ended and started again. Not here: the servers that choose for themselves.

import net from "node:net";

// Below those that the system gives to whoever connects: while the server is away one of these may go to a client.
const FIRST = 10_000;
const END = 32_768;
const TRIES = 100;

/** A port of this machine that nobody listens on. */
export async function freePort() {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = FIRST + Math.floor(Math.random() * (END - FIRST));
    if (await isFree(port)) return port;
  }
  throw new Error("no port is free");
}

function isFree(port) {
  const server = net.createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
