/** Types of `published.js`, for the configurations of test runs. */
import type { Plugin } from "vitest/config";

export declare function published(...names: readonly string[]): Plugin;
