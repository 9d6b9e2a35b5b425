/**
 * What the package weighs in a page: bundled with the client as Vite does it, minified, gzipped, React outside.
 * `test/node/size.test.ts` holds it.
 */
import { readFile } from "node:fs/promises";
import { compileStyle } from "../../build.js";
import { gzipped, weigh as weighCode } from "../../client/scripts/size.js";

/** Bytes of these exports. */
export const weigh = (names) => weighCode(`export { ${names} } from "@grelot/react"`, ["client", "react"]);

/** Bytes of the style sheet. */
export async function weighStyle() {
  return gzipped(await compileStyle(await readFile(new URL("../style.css", import.meta.url), "utf8")));
}

export const HOOKS = "GrelotProvider, useNotifications, useUnreadCount, useNotificationEvents, useGrelotClient";
/** All that a page in one language can use: texts that are not imported are not in it. */
export const EVERYTHING = `${HOOKS}, usePreferences, Bell, Inbox, Toaster, Preferences, Connection`;

if (process.argv[1]?.endsWith("react/scripts/size.js")) {
  const style = await weighStyle();
  const everything = await weigh(EVERYTHING);
  console.log("hooks and client", await weigh(HOOKS));
  console.log("the same and preferences", await weigh(`${HOOKS}, usePreferences`));
  console.log("everything without style", everything);
  console.log("style", style);
  console.log("everything", everything + style);
  console.log("French", (await weigh(`${EVERYTHING}, fr`)) - everything);
}
