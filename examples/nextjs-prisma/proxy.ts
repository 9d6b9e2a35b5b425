/** A page comes with the cookie that tells Grelot who looks at it. */
import { signToken } from "@grelot/client/server";
import { NextResponse } from "next/server";
import { secret, visitor } from "./grelot";

const SESSION = 12 * 60 * 60;

export async function proxy(): Promise<NextResponse> {
  const answer = NextResponse.next();
  answer.cookies.set("grelot_token", await signToken({ userId: visitor(), secret, ttlSeconds: SESSION }), {
    httpOnly: true,
    sameSite: "lax",
    // With TLS in front, add `secure: true`.
    maxAge: SESSION,
  });
  return answer;
}

export const config = { matcher: "/" };
