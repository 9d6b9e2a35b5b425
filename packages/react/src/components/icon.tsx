"use client";
/** The few drawings of the components, as lines in the colour of the text. Each type has a shape of its own. */
import type { NotificationType } from "@grelot/client";
import type { ReactElement } from "react";
import { part } from "../lib/part.js";

const CIRCLE = "M12 3a9 9 0 1 0 .1 0";
export const BELL = "M6 17v-7a6 6 0 0 1 12 0v7M4 17h16M10 20.5h4M12 4V2.5";
export const CHECK = "M7.5 12.5l3 3 6-7";
export const DOT = "M12 9a3 3 0 1 0 .1 0";
export const BIN = "M5 7h14M10 4h4M7 7l1 13h8l1-13";
export const CROSS = "M7 7l10 10m0-10L7 17";
export const LOCK = "M6 11h12v9H6zm2 0V8a4 4 0 0 1 8 0v3";
export const SLIDERS = "M4 8h16M4 16h16M9 5v6m6 2v6";
export const TYPES: Readonly<Record<NotificationType, string>> = {
  INFO: `${CIRCLE}M12 11v5m0-8.5v.1`,
  SUCCESS: CIRCLE + CHECK,
  WARNING: "M12 4 3 19.5h18zm0 6v4.5m0 2.5v.1",
  ERROR: CIRCLE + CROSS,
};

/** Beside it stands, or is said, what it means. */
export function Icon({ d }: { readonly d: string }): ReactElement {
  return (
    <svg {...part("icon")} viewBox="0 0 24 24" aria-hidden>
      <path d={d} />
    </svg>
  );
}
