/**
 * A page of the test's own: a tree of components over the server in memory, mounted as an application would, and put away.
 *
 * The server is the one of the client's tests, which states the contract. Not here: any assertion.
 */
import { type ReactNode, StrictMode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { FakeServer, type Inbox } from "../../../client/test/support/server.js";
import { GrelotProvider, type GrelotProviderProps } from "../../src/index.js";
import "../../style.css";

export interface Stage {
  server: FakeServer;
  inbox: Inbox;
  /** In StrictMode, as a development build does. */
  show(children: ReactNode, props?: GrelotProviderProps): HTMLElement;
  hide(): void;
}

let origins = 0;

/** Call at the top of a `describe`. */
export function stage(): Stage {
  let roots: [Root, HTMLElement][] = [];
  const put = (): void => {
    for (const [root, element] of roots) {
      root.unmount();
      element.remove();
    }
    roots = [];
  };
  const it: Stage = {
    server: new FakeServer(),
    inbox: new FakeServer().inbox(),
    show(children, props) {
      const element = document.body.appendChild(document.createElement("div"));
      const root = createRoot(element);
      roots.push([root, element]);
      // An origin of its own: tests share no lock and no channel.
      const baseUrl = `http://grelot-${origins++}.test`;
      root.render(
        <StrictMode>
          <GrelotProvider baseUrl={baseUrl} credentials="include" {...props}>
            {children}
          </GrelotProvider>
        </StrictMode>,
      );
      return element;
    },
    hide: put,
  };
  beforeEach(() => {
    it.server = new FakeServer();
    it.inbox = it.server.inbox();
    vi.stubGlobal("fetch", it.server.fetch);
    vi.spyOn(console, "error");
    vi.spyOn(console, "warn");
  });
  afterEach(() => {
    put();
    vi.unstubAllGlobals();
    expect(console.error).not.toHaveBeenCalled();
    expect(console.warn).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });
  return it;
}

/** The first element of that part. */
export function part(name: string, more = ""): HTMLElement | null {
  return document.querySelector<HTMLElement>(`[data-part="${name}"]${more}`);
}

export function parts(name: string, more = ""): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(`[data-part="${name}"]${more}`)];
}

/** Of the items, in the order of the page. */
export const titles = (): (string | undefined)[] =>
  parts("item").map((item) => item.querySelector(".grelot-title")?.lastChild?.textContent?.trim());

/** Waits until it holds. */
export async function until(check: () => void, timeout = 2_000): Promise<void> {
  await vi.waitFor(check, { timeout, interval: 10 });
}
