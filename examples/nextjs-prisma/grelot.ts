/** Where Grelot is, and who is signed in. For the server alone. */
const { GRELOT_URL = "http://127.0.0.1:4000", GRELOT_JWT_SECRET = "" } = process.env;

export const grelotUrl = GRELOT_URL;
export const secret = GRELOT_JWT_SECRET;

/** Who asks. An application knows it from its own session; here it is always the same visitor. */
export const visitor = (): string => "ada";
