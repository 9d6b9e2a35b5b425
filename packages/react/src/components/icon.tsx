"use client";
/** The few drawings of the components, as lines in the colour of the text. Each type has a shape of its own. */
import type { ReactElement } from "react";

const CIRCLE = "M3 12a9 9 0 1 0 18 0 9 9 0 1 0-18 0";
const PATHS = {
  INFO: `${CIRCLE}M12 11v5m0-8.5v.1`,
  SUCCESS: `${CIRCLE}m5 .4 2.7 2.6L16 9.5`,
  WARNING: "M12 4 3 19.5h18zm0 6v4.5m0 2.5v.1",
  ERROR: "M8.3 3h7.4L21 8.3v7.4L15.7 21H8.3L3 15.7V8.3zm1 6.3 5.4 5.4m0-5.4-5.4 5.4",
  bell: "M6 17v-7a6 6 0 0 1 12 0v7M4 17h16M10 20.5h4M12 4V2.5",
  check: "m5 12.5 4.5 4.5L19 7.5",
  dot: "M9 12a3 3 0 1 0 6 0 3 3 0 1 0-6 0",
  bin: "M5 7h14M10 4h4M7 7l1 13h8l1-13",
  cross: "m6 6 12 12m0-12L6 18",
  lock: "M6 11h12v9H6zm2 0V8a4 4 0 0 1 8 0v3",
  sliders: "M4 8h16M4 16h16M9 5v6m6 2v6",
};

/** Beside it stands, or is said, what it means. */
export function Icon({ name }: { name: keyof typeof PATHS }): ReactElement {
  return (
    <svg className="grelot-icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
