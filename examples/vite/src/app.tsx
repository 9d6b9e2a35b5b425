/** A shop in miniature: what a host adds to its page for the bell is the provider and what is in it. */
import { Bell, GrelotProvider, Toaster } from "@grelot/react";
import { type ReactElement, useState } from "react";

export function App(): ReactElement {
  const [state, setState] = useState("Nothing ordered yet.");

  const placeOrder = async (): Promise<void> => {
    setState("Placing the order…");
    const answer = await fetch("/orders", { method: "POST" }).catch(() => null);
    setState(answer?.ok ? `Order ${(await answer.json()).order} is placed.` : "The order was not placed.");
  };

  return (
    <>
      <header>
        <strong>Shop</strong>
        <GrelotProvider>
          <Bell />
          <Toaster />
        </GrelotProvider>
      </header>
      <main>
        <h1>One fine bell</h1>
        <button type="button" onClick={placeOrder}>
          Place order
        </button>
        <p role="status">{state}</p>
      </main>
    </>
  );
}
