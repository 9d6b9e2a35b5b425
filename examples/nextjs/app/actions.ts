"use server";
import { createNotification, visitor } from "@/grelot";

/** Places an order and tells who ordered; returns what the page says. */
export async function placeOrder(): Promise<string> {
  const order = crypto.randomUUID().slice(0, 8);
  await createNotification(
    { userId: visitor(), type: "SUCCESS", title: `Order ${order} is placed`, link: `/?order=${order}` },
    { idempotencyKey: `order-${order}-placed` },
  );
  return `Order ${order} is placed.`;
}
