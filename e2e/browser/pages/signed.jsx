// An application that signs its users in with a token of its own, and renews it when it is asked to.
import { Bell, Connection, GrelotProvider, Toaster } from "@grelot/react";
import { createRoot } from "react-dom/client";

createRoot(document.getElementById("root")).render(
  <GrelotProvider getToken={() => fetch("/token").then((answer) => answer.text())}>
    <Connection />
    <Bell />
    <Toaster />
  </GrelotProvider>,
);
