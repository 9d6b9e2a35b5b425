"use server";
import { revalidatePath } from "next/cache";
import { database } from "@/database";
import { visitor } from "@/grelot";

/**
 * Places an order and tells who ordered, both or neither: they are one transaction. Returns what the page says.
 *
 * Grelot sees the row when that is committed, and rings the bell. There is no second call that could fail.
 */
export async function placeOrder(_before: string, form: FormData): Promise<string> {
  const userId = visitor();
  const article = String(form.get("article"));
  try {
    await database().$transaction(async (all) => {
      const order = await all.order.create({ data: { userId, article } });
      await all.notification.create({
        data: { userId, type: "SUCCESS", title: `${article} is ordered`, link: `/?order=${order.id}` },
      });
      if (article === "Unobtainium") throw new Error("out of stock");
    });
  } catch {
    return `${article} is out of stock: nothing was ordered.`;
  }
  revalidatePath("/");
  return `${article} is ordered.`;
}
