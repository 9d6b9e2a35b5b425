/**
 * What a part of the components is styled and found by: its class, which begins with the package's name, and `data-part`.
 *
 * Not here: how it looks (`style.css`).
 */
import type { NotificationType } from "@grelot/client";
import type { CSSProperties } from "react";

export interface Part {
  readonly className: string;
  readonly "data-part": string;
}

/** For a part that stands by itself in the page: fonts and colours begin anew there. */
export const ROOT = "grelot ";

export const part = (name: string, root = ""): Part => ({
  className: `${root}grelot-${name}`,
  "data-part": name,
});

/** What kind of message it is about, and the colour of that. */
export const typed = (type: NotificationType): { readonly "data-type": string; readonly style: CSSProperties } => ({
  "data-type": type,
  style: { "--grelot-type": `var(--grelot-${type.toLowerCase()})` } as CSSProperties,
});
