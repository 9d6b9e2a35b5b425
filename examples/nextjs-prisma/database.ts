/** The shop's database, by Prisma. For the server alone. */
import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "./generated/client";

const make = (): PrismaClient =>
  new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) });

// While the sources are served, modules are loaded anew; the connections stay.
const kept = globalThis as { database?: PrismaClient };

export const database = (): PrismaClient => {
  kept.database ??= make();
  return kept.database;
};
