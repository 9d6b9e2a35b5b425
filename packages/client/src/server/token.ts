/** Signs the JWT that says who a page's user is (HS256, by WebCrypto). Not here: verifying, which is Grelot's. */

export interface TokenOptions {
  /** Who is signed in: the `sub` claim. */
  readonly userId: string;
  /** `GRELOT_JWT_SECRET`, at least 32 bytes. */
  readonly secret: string;
  /** 900 by default. */
  readonly ttlSeconds?: number;
  readonly issuer?: string;
  readonly audience?: string;
}

/** Resolves with a JWT for `getToken` or the session cookie. */
export async function signToken(options: TokenOptions): Promise<string> {
  const { userId, secret, ttlSeconds = 900, issuer, audience } = options;
  const bytes = new TextEncoder().encode(secret);
  if (bytes.length < 32) throw new RangeError("The JWT secret must be at least 32 bytes.");
  if (!userId) throw new RangeError("The user id must not be empty.");
  const iat = Math.floor(Date.now() / 1000);
  const claims = { sub: userId, iat, exp: iat + ttlSeconds, iss: issuer, aud: audience };
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

const part = (value: object): string => base64url(new TextEncoder().encode(JSON.stringify(value)));

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
