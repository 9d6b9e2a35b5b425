/** What a host's server calls: one notification whatever happens on the way, and tokens that Grelot accepts. */
import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createServer, signToken } from "../src/server/index.js";

describe("createNotification", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const result = { notifications: [{ id: "c1", userId: "u_1", inApp: "created", email: "off" }] };
  const answers = (...list: (Response | Error)[]): { calls: Request[]; fetch: typeof fetch } => {
    const calls: Request[] = [];
    return {
      calls,
      fetch: async (input, init) => {
        calls.push(new Request(String(input), init));
        const answer = list.shift();
        if (answer instanceof Error || !answer) throw answer ?? new Error("no more answers");
        return answer;
      },
    };
  };

  test("posts what it is given, with the key", async () => {
    const { calls, fetch } = answers(Response.json(result, { status: 201 }));
    const { createNotification } = createServer({ url: "http://grelot.test/", apiKey: "secret", fetch });
    const input = { userId: "u_1", title: "Invoice ready", type: "SUCCESS", data: { invoice: 42 } } as const;
    expect(await createNotification(input, { idempotencyKey: "invoice-42" })).toEqual(result.notifications);
    const [call] = calls;
    expect(call?.url).toBe("http://grelot.test/api/internal/notify");
    expect(call?.headers.get("authorization")).toBe("Bearer secret");
    expect(call?.headers.get("idempotency-key")).toBe("invoice-42");
    expect(await call?.json()).toEqual(input);
  });

  test("repeats under the same key while nothing clear is answered", async () => {
    const { calls, fetch } = answers(
      new TypeError("connection reset"),
      Response.json({ title: "Busy" }, { status: 503, headers: { "retry-after": "2" } }),
      Response.json(result, { status: 201 }),
    );
    const { createNotification } = createServer({ url: "http://grelot.test", apiKey: "secret", fetch });
    const done = createNotification({ userIds: ["u_1"], title: "Hello" });
    await vi.advanceTimersByTimeAsync(1_500);
    expect(calls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await done).toEqual(result.notifications);
    expect(new Set(calls.map(({ headers }) => headers.get("idempotency-key"))).size).toBe(1);
  });

  test("a refusal is told at once, with what the server said", async () => {
    const problem = { type: "/problems/validation", title: "Invalid", status: 422, detail: "title is too long" };
    const { calls, fetch } = answers(Response.json(problem, { status: 422 }));
    const { createNotification } = createServer({ url: "http://grelot.test", apiKey: "secret", fetch });
    await expect(createNotification({ userId: "u_1", title: "x" })).rejects.toMatchObject({ status: 422, problem });
    expect(calls).toHaveLength(1);
  });

  test("gives up after its retries", async () => {
    const { calls, fetch } = answers(new Error(), new Error(), new Error());
    const { createNotification } = createServer({ url: "http://grelot.test", apiKey: "secret", retries: 1, fetch });
    const done = expect(createNotification({ userId: "u_1", title: "x" })).rejects.toMatchObject({ status: 0 });
    await vi.advanceTimersByTimeAsync(10_000);
    await done;
    expect(calls).toHaveLength(2);
  });
});

describe("signToken", () => {
  const secret = "a secret of thirty-two bytes, or more";

  test("signs what Node's own HMAC verifies", async () => {
    const token = await signToken({ userId: "u_é🔔", secret, ttlSeconds: 60, issuer: "host", audience: "grelot" });
    const [head, body, signature] = token.split(".");
    expect(signature).toBe(createHmac("sha256", secret).update(`${head}.${body}`).digest("base64url"));
    const read = (part = ""): unknown => JSON.parse(Buffer.from(part, "base64url").toString());
    expect(read(head)).toEqual({ alg: "HS256", typ: "JWT" });
    const claims = read(body) as { iat: number; exp: number };
    expect(claims).toMatchObject({ sub: "u_é🔔", iss: "host", aud: "grelot" });
    expect(claims.exp - claims.iat).toBe(60);
  });

  test("refuses a secret that is too short, and nobody", async () => {
    await expect(signToken({ userId: "u", secret: "short" })).rejects.toThrow(RangeError);
    await expect(signToken({ userId: "", secret })).rejects.toThrow(RangeError);
  });
});
