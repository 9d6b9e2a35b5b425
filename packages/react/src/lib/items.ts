/** The items of a list as they stand in the page. Not here: what they say. */
import type { RefObject } from "react";

interface Items {
  readonly items: HTMLElement[];
  /** Which of them this element is in; -1 if none. */
  readonly at: number;
}

export function itemsOf(list: RefObject<HTMLElement | null>, element: Element | null): Items {
  const items = [...(list.current as HTMLElement).querySelectorAll<HTMLElement>("[data-part=item]")];
  return { items, at: items.findIndex((item) => item.contains(element)) };
}
