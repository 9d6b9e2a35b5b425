// `grelot demo`, started and stopped. Not here: the browser that looks at it.

import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { root } from "../../support/service.js";

/** Starts it; resolves to the address of its page, and what ends it. */
export async function startDemo() {
  const flags = ["demo", "--bind", "127.0.0.1:0", "--metrics-bind", "off"];
  const child = spawn(path.join(root, "target/debug/grelot"), flags, { stdio: ["ignore", "pipe", "ignore"] });
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("page: ")) resolve(line.slice(6));
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error("the demo ended")));
  });
  return { url, stop: () => child.kill("SIGKILL") };
}
