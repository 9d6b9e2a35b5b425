"use client";
import { type ReactElement, useActionState } from "react";
import { placeOrder } from "./actions";

export function OrderForm(): ReactElement {
  const [state, action, pending] = useActionState(placeOrder, "Nothing ordered yet.");
  return (
    <form action={action}>
      <button type="submit" name="article" value="Bell">
        Order a bell
      </button>{" "}
      <button type="submit" name="article" value="Unobtainium">
        Order what there is none of
      </button>
      <p role="status">{pending ? "Placing the order…" : state}</p>
    </form>
  );
}
