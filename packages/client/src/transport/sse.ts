/**
 * The event stream format (WHATWG HTML 9.2.6): bytes in, messages out.
 *
 * Not here: the connection, and what a message means. An unfinished block is never told: it ends with the stream.
 */

/** One dispatched message. */
export interface Message {
  readonly event: string;
  readonly data: string;
  /** The last event id, which an earlier message may have set. */
  readonly id: string;
}

/** Returns the function that takes the chunks of one stream, wherever they were cut. */
export function createParser(
  onMessage: (message: Message) => void,
  onRetry?: (milliseconds: number) => void,
): (chunk: Uint8Array) => void {
  const decoder = new TextDecoder(); // drops one leading BOM
  let rest = "";
  let afterCr = false;
  let event = "";
  let data: string | undefined;
  let pendingId = "";
  let id = "";

  const line = (text: string): void => {
    if (text === "") {
      id = pendingId;
      if (data !== undefined) onMessage({ event: event || "message", data, id });
      event = "";
      data = undefined;
      return;
    }
    const colon = text.indexOf(":");
    const field = colon < 0 ? text : text.slice(0, colon);
    let value = colon < 0 ? "" : text.slice(colon + 1);
    if (value[0] === " ") value = value.slice(1);
    if (field === "data") data = data === undefined ? value : `${data}\n${value}`;
    else if (field === "event") event = value;
    else if (field === "id") {
      if (!value.includes("\0")) pendingId = value;
    } else if (field === "retry" && /^\d+$/.test(value)) onRetry?.(Number(value));
  };

  return (chunk) => {
    let text = decoder.decode(chunk, { stream: true });
    if (text === "") return;
    // A CR ends its line at once; an LF that follows, in a later chunk too, belongs to it.
    if (afterCr && text[0] === "\n") text = text.slice(1);
    afterCr = text.endsWith("\r");
    const lines = (rest + text).split(/\r\n|[\r\n]/);
    rest = lines.pop() ?? "";
    for (const each of lines) line(each);
  };
}
