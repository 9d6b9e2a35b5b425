/**
 * The event stream format (WHATWG HTML 9.2.6): bytes in, messages out.
 *
 * An unfinished block is never told: it ends with the stream. Not here: the connection, what a message means, and its `id`, as
 * what the data says is what was seen.
 */

/** One dispatched message. */
export interface Message {
  readonly event: string;
  readonly data: string;
}

/** Returns the function that takes the chunks of one stream, wherever they were cut. */
export function createParser(
  onMessage: (message: Message) => void,
  onRetry: (milliseconds: number) => void,
): (chunk: Uint8Array) => void {
  const decoder = new TextDecoder(); // drops one leading BOM
  let rest = "";
  let afterCr = false;
  let event = "";
  /** Each line with a line feed before it, so that no line and an empty one differ. */
  let data = "";

  const line = (text: string): void => {
    const [, field, value] = /^([^:]*):? ?(.*)/s.exec(text) as unknown as [string, string, string];
    if (!text) {
      if (data) onMessage({ event: event || "message", data: data.slice(1) });
      event = data = "";
    } else if (field === "data") data += `\n${value}`;
    else if (field === "event") event = value;
    else if (field === "retry" && /^\d+$/.test(value)) onRetry(+value);
  };

  return (chunk) => {
    let text = decoder.decode(chunk, { stream: true });
    if (!text) return;
    // A CR ends its line at once; an LF that follows, in a later chunk too, belongs to it.
    if (afterCr && text[0] === "\n") text = text.slice(1);
    afterCr = text.endsWith("\r");
    const lines = (rest + text).split(/\r\n?|\n/);
    rest = lines.pop() as string;
    lines.map(line);
  };
}
