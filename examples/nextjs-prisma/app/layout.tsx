import { Bell, GrelotProvider, Toaster } from "@grelot/react";
import type { Metadata } from "next";
import type { ReactElement, ReactNode } from "react";
import "@grelot/react/style.css";
import "./page.css";

export const metadata: Metadata = { title: "Shop" };

export default function Layout({ children }: { children: ReactNode }): ReactElement {
  return (
    <html lang="en">
      <body>
        <header>
          <strong>Shop</strong>
          <GrelotProvider>
            <Bell />
            <Toaster />
          </GrelotProvider>
        </header>
        {children}
      </body>
    </html>
  );
}
