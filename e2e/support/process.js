// Clients that are programs of their own: they take the stream's URL and a token, follow it from the beginning, and print
// one JSON object an event, `{"event", "id", "data"}`. Not here: the programs (`clients`).

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A client that is started by this command. */
export const program =
  (command, ...args) =>
  async ({ url, token, seen }) => {
    const child = spawn(command, [...args, url, token], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", resolve);
    });
    createInterface({ input: child.stdout }).on("line", (line) => seen.add(JSON.parse(line)));
    return async () => {
      child.kill("SIGKILL");
      await ended;
    };
  };
