// The browser's own EventSource, authenticated by the cookie, as a page without any library would use it.

import { chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const args = ["--no-sandbox", "--disable-background-networking"];

export async function nativeEventSource({ url, token, seen }) {
  const browser = await chromium.launch({ executablePath, args });
  const context = await browser.newContext();
  const { origin } = new URL(url);
  await context.addCookies([{ name: "grelot_token", value: token, url: origin, httpOnly: true, sameSite: "Strict" }]);
  const page = await context.newPage();
  await page.route("**/host-page", (route) => route.fulfill({ contentType: "text/html", body: "<title>Host</title>" }));
  await page.goto(`${origin}/host-page`);
  await page.exposeFunction("seen", (event) => seen.add(event));
  await page.evaluate(() => {
    const source = new EventSource("/api/notifications/stream?lastEventId=0");
    const show = ({ type, lastEventId, data }) => window.seen({ event: type, id: lastEventId, data });
    for (const name of ["ready", "reset", "notification.created", "ping"]) source.addEventListener(name, show);
  });
  return () => browser.close();
}
