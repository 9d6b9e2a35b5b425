/** A server, a browser and a clock of the test's own, put away after it. Not here: any assertion. */
import { afterEach, beforeEach, vi } from "vitest";
import { Browser } from "./browser.js";
import { FakeServer } from "./server.js";

export interface World {
  server: FakeServer;
  browser: Browser;
  /** Lets time go by, and everything that was waiting for it happen. */
  pass(milliseconds?: number): Promise<void>;
}

/** Call at the top of a `describe`. */
export function world(): World {
  const world: World = {
    server: new FakeServer(),
    browser: new Browser(new FakeServer()),
    pass: async (milliseconds = 100) => {
      await vi.advanceTimersByTimeAsync(milliseconds);
    },
  };
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date("2026-11-24T10:00:00Z") });
    world.server = new FakeServer();
    world.browser = new Browser(world.server);
  });
  afterEach(() => {
    vi.clearAllTimers();
    vi.useRealTimers();
  });
  return world;
}
