// npm launchdarkly-eventsource: on Node's own HTTP client, with the token in a header.

import { EventSource } from "launchdarkly-eventsource";

export async function launchdarklyEventSource({ url, token, seen }) {
  const source = new EventSource(`${url}?lastEventId=0`, {
    headers: { authorization: `Bearer ${token}` },
    initialRetryDelayMillis: 1_000,
  });
  const show = ({ type, lastEventId, data }) => seen.add({ event: type, id: lastEventId, data });
  for (const name of ["ready", "reset", "notification.created", "ping"]) source.addEventListener(name, show);
  // It does so after an `error`, which one has to listen to.
  source.addEventListener("error", () => {});
  return async () => source.close();
}
