// The deployments that a test goes over: one service or two, on which database, told of each other by which bus. A file has one
// PostgreSQL server and one NATS for all of its tests. Not here: the servers (`postgres`, `nats`), the services (`service`).

import { Nats } from "./nats.js";
import { Postgres } from "./postgres.js";

const postgres = (servers) => ({ GRELOT_DATABASE: servers.postgres.fresh() });

const all = [
  { name: "SQLite", nodes: 1, variables: () => ({}) },
  { name: "PostgreSQL", nodes: 1, variables: postgres },
  { name: "PostgreSQL, two nodes told by NOTIFY", nodes: 2, bus: "NOTIFY", variables: postgres },
  {
    name: "PostgreSQL, two nodes told by NATS",
    nodes: 2,
    bus: "NATS",
    variables: (servers) => ({ ...postgres(servers), GRELOT_BUS: servers.nats.fresh() }),
  },
];

/** One service on a file, which needs no server. */
export const onSqlite = ({ name }) => name === "SQLite";
/** Two services on one database. */
export const onTwoNodes = ({ nodes }) => nodes === 2;
/** Two services, told by NATS. */
export const onNats = ({ bus }) => bus === "NATS";

/**
 * Those that are `chosen`, each with its name, `fresh` (what `Service.start` makes one of, on a database and a bus of its own), and
 * the servers that they have in common, which end after the test.
 */
export async function deployments(test, chosen = () => true) {
  const servers = {};
  test.after(() => Promise.all([servers.postgres?.stop(), servers.nats?.stop()]));
  const deployments = all.filter(chosen);
  if (!deployments.every(onSqlite)) servers.postgres = await Postgres.start();
  if (deployments.some(onNats)) servers.nats = await Nats.start();
  return deployments.map(({ name, nodes, variables }) => ({
    name,
    servers,
    fresh: () => ({ nodes, env: variables(servers) }),
  }));
}
