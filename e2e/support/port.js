// A port for a server that has to be told one. Not here: the servers that choose for themselves.

import net from "node:net";

/** A port of this machine that nobody listens on. */
export async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
