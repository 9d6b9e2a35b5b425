/**
 * What a part of the components is styled and found by: its class, which begins with the package's name, and `data-part`.
 *
 * Not here: how it looks (`style.css`).
 */
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
