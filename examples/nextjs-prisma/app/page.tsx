import type { ReactElement } from "react";
import { database } from "@/database";
import { visitor } from "@/grelot";
import { OrderForm } from "./order-form";

/** Asked of the database each time. */
export const dynamic = "force-dynamic";

export default async function Page(): Promise<ReactElement> {
  const where = { userId: visitor() };
  const [orders, seen] = await Promise.all([
    database().order.count({ where }),
    database().notification.findMany({ where, orderBy: { createdAt: "desc" }, take: 20 }),
  ]);
  return (
    <main>
      <h1>One fine bell</h1>
      <OrderForm />
      <h2>What Prisma sees</h2>
      <p data-orders={orders}>Orders: {orders}</p>
      <ul>
        {seen.map(({ id, title, readAt }) => (
          <li key={id} data-notification={id} data-read={readAt !== null}>
            {title} ({readAt ? "read" : "unread"})
          </li>
        ))}
      </ul>
    </main>
  );
}
