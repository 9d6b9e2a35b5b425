import { defineConfig } from "prisma/config";

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  // Only `prisma migrate` asks for it.
  datasource: { url: process.env.DATABASE_URL ?? "" },
});
