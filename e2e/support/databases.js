// The databases that a test goes over: SQLite, and one PostgreSQL server for the whole file. Not here: the server (`postgres`).

import { Postgres } from "./postgres.js";

/** Each with its name, and `fresh`: the variables of a service on an empty one. The server ends with the test. */
export async function databases(test) {
  const server = await Postgres.start();
  test.after(() => server.stop());
  return [
    { database: "SQLite", fresh: () => ({}) },
    { database: "PostgreSQL", fresh: () => ({ GRELOT_DATABASE: server.fresh() }) },
  ];
}
