// npm eventsource: the standard interface outside a browser, with the token in a header.

import { EventSource } from "eventsource";

export async function npmEventSource({ url, token, seen }) {
  const source = new EventSource(`${url}?lastEventId=0`, {
    fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
  });
  const show = ({ type, lastEventId, data }) => seen.add({ event: type, id: lastEventId, data });
  for (const name of ["ready", "reset", "notification.created", "ping"]) source.addEventListener(name, show);
  return async () => source.close();
}
