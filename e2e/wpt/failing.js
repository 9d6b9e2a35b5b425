// The tests of `eventsource/` that the client's stream does not pass. Chromium's own `EventSource` passes these, and fails
// others that the client's stream passes.

const credentials = "request-credentials.window.html: EventSource: credentials: credentials";
const trusted = "EventSource message events are trusted";

export const failing = new Set([
  // `Last-Event-ID` of a script needs the other origin's consent in a preflight, which the suite's server does not give. Grelot does.
  `${credentials} enabled`,
  `${credentials} disabled`,
  `${credentials} default`,
  // Only the browser's own events are.
  `eventsource-onmessage-trusted.any.html: ${trusted}`,
  `eventsource-onmessage-trusted.any.worker.html: ${trusted}`,
]);
