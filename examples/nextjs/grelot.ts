/** Where Grelot is, who is signed in, and the function that tells users something. For the server alone. */
import { createServer } from "@grelot/client/server";

const { GRELOT_URL = "http://127.0.0.1:4000", GRELOT_API_KEY = "", GRELOT_JWT_SECRET = "" } = process.env;

export const grelotUrl = GRELOT_URL;
export const secret = GRELOT_JWT_SECRET;

export const { createNotification } = createServer({ url: GRELOT_URL, apiKey: GRELOT_API_KEY });

/** Who asks. An application knows it from its own session; here it is always the same visitor. */
export const visitor = (): string => "ada";
