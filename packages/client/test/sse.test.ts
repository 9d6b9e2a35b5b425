/**
 * The event stream format, case by case as web-platform-tests' `eventsource/format-*` has them, each cut at every byte.
 *
 * Not here: what of that suite needs a browser and a server (origins, redirects, workers).
 */
import { describe, expect, test } from "vitest";
import { createParser, type Message } from "../src/transport/sse.js";

function parse(text: string, size = Number.POSITIVE_INFINITY): { messages: Message[]; retries: number[] } {
  const messages: Message[] = [];
  const retries: number[] = [];
  const feed = createParser(
    (message) => messages.push(message),
    (retry) => retries.push(retry),
  );
  const bytes = new TextEncoder().encode(text);
  if (size === Number.POSITIVE_INFINITY) feed(bytes);
  else for (let at = 0; at < bytes.length; at += size) feed(bytes.subarray(at, at + size));
  return { messages, retries };
}

const message = (data: string, event = "message"): Message => ({ event, data });

const cases: [name: string, stream: string, expected: Message[]][] = [
  ["one leading BOM is dropped", "\uFEFFdata:1\n\n", [message("1")]],
  ["a second BOM is part of the field name", "\uFEFF\uFEFFdata:1\n\ndata:2\n\n", [message("2")]],
  ["a BOM inside is part of the field name", "data:1\n\n\uFEFFdata:2\n\ndata:3\n\n", [message("1"), message("3")]],
  ["comments are ignored", "data:1\r:\0\n:\r\ndata:2\n:x\rdata:3\n:data:fail\r:x\rdata:4\n\n", [message("1\n2\n3\n4")]],
  ["data without a final empty line is not told", "data:test1\n\ndata:test2\n", [message("test1")]],
  ["a stream that ends inside a line tells nothing of it", "data:test1\n\nid:7\ndata:te", [message("test1")]],
  [
    "data lines are joined, empty ones too",
    "data:\n\ndata\ndata\n\ndata:test\n\n",
    [message(""), message("\n"), message("test")],
  ],
  ["an event name is used once", "event:test\ndata:x\n\ndata:x\n\n", [message("x", "test"), message("x")]],
  ["an empty event name is message", "event: \ndata:data\n\n", [message("data")]],
  ["an event without data is not told, and its name is dropped", "event:test\n\ndata:x\n\n", [message("x")]],
  ["an id is no part of what is told", "id:1\ndata:a\n\nid\ndata:b\nid:2\n\n", [message("a"), message("b")]],
  ["a block of an id alone tells nothing", "id:3\n\ndata:a\n\n", [message("a")]],
  [
    "only the exact field name counts",
    "data:\0\n data:2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n",
    [message("\0\n1\n3\n\n4")],
  ],
  [
    "an unknown field is ignored",
    "data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n",
    [message("test\n\ntest")],
  ],
  ["one leading space is dropped, a tab is not", "data:\ttest\rdata: \ndata:test\n\n", [message("\ttest\n\ntest")]],
  ["LF, CR and CRLF all end a line", "data:test\r\ndata\ndata:test\r\n\r", [message("test\n\ntest")]],
  ["CR alone ends a block", "data:a\r\rdata:b\r\r", [message("a"), message("b")]],
  ["CRLF alone ends a block", "data:a\r\n\r\ndata:b\r\n\r\n", [message("a"), message("b")]],
  ["NUL is data like any other", "data:\0\n\n\n\n", [message("\0")]],
  ["UTF-8 is read across any cut", "data:ok…🔔\n\n", [message("ok…🔔")]],
  ["U+2028, U+0085 and form feeds are no line ends", "data:a\u2028b\u0085c\fd\n\n", [message("a\u2028b\u0085c\fd")]],
];

describe("the event stream format", () => {
  for (const [name, stream, expected] of cases) {
    test(name, () => {
      expect(parse(stream).messages).toEqual(expected);
      for (const size of [1, 2, 3, 5]) expect(parse(stream, size).messages).toEqual(expected);
    });
  }

  test("retry takes digits only", () => {
    expect(
      parse("retry:3000\nretry:1000x\nretry: 5\nretry:-1\nretry:1.5\nretry\nretry:\nretry:+3\n\n").retries,
    ).toEqual([3000, 5]);
  });

  test("invalid UTF-8 becomes U+FFFD and nothing else is lost", () => {
    const messages: Message[] = [];
    createParser(
      (each) => messages.push(each),
      () => {},
    )(new Uint8Array([...Buffer.from("data:a"), 0xff, 0x0a, 0x0a]));
    expect(messages).toEqual([message("a\uFFFD")]);
  });
});
