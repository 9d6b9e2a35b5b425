import type { ReactElement } from "react";
import { OrderForm } from "./order-form";

export default function Page(): ReactElement {
  return (
    <main>
      <h1>One fine bell</h1>
      <OrderForm />
    </main>
  );
}
