"use client";
/** The few drawings of the components, as lines in the colour of the text. Each type has a shape of its own. */
import type { ReactElement } from "react";

const CIRCLE = "M3 12a9 9 0 1 0 18 0 9 9 0 1 0-18 0";
const PATHS = {
  INFO: `${CIRCLE}M12 11v5m0-8.5v.1`,
  SUCCESS: `${CIRCLE}m5 .4 2.7 2.6L16 9.5`,
  WARNING: "M12 4 3 19.5h18zm0 6v4.5m0 2.5v.1",
  ERROR: "M8.3 3h7.4L21 8.3v7.4L15.7 21H8.3L3 15.7V8.3zm1 6.3 5.4 5.4m0-5.4-5.4 5.4",
  bell: "M12 3a6 6 0 0 0-6 6v3.8L4.4 16a.8.8 0 0 0 .7 1.2h13.8a.8.8 0 0 0 .7-1.2L18 12.8V9a6 6 0 0 0-6-6m-2.5 17a2.6 2.6 0 0 0 5 0",
  check: "m5 12.5 4.5 4.5L19 7.5",
  dot: "M9 12a3 3 0 1 0 6 0 3 3 0 1 0-6 0",
  bin: "M5 7h14M10 4h4M7 7l.8 12.5h8.4L17 7m-6.5 4v5m3-5v5",
  cross: "m6 6 12 12m0-12L6 18",
  lock: "M6.5 11h11v8.5h-11zm2 0V8a3.5 3.5 0 0 1 7 0v3",
  sliders: "M4 8h9m4 0h3M4 16h3m4 0h9M13 8a2 2 0 1 0 4 0 2 2 0 1 0-4 0M7 16a2 2 0 1 0 4 0 2 2 0 1 0-4 0",
};

/** Beside it stands, or is said, what it means. */
export function Icon({ name }: { name: keyof typeof PATHS }): ReactElement {
  return (
    <svg className="grelot-icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
