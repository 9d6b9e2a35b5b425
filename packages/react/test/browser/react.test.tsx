/** That the run is with the React that it says. */
import { version as core } from "react";
import { version as dom } from "react-dom";
import { expect, test } from "vitest";

test("React and its renderer are of the version that this run is for", () => {
  expect([core.split(".")[0], dom.split(".")[0]]).toEqual([import.meta.env["REACT"], import.meta.env["REACT"]]);
});
