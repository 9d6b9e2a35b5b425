// The stages that a browser's test is played on: one service on SQLite, and two on PostgreSQL, told of each other by NATS. What is
// the browser's affair alone (its cache, frozen tabs, tokens that end, a network that is away) is played on one. Not here: what a
// stage is (`stage`).

import { after, test } from "node:test";
import { deployments, onNats, onSqlite } from "../../support/deployments.js";
import { stage } from "./stage.js";

const [one, two] = await deployments({ after }, (each) => onSqlite(each) || onNats(each));

const over = (name, play, { env, ...options } = {}, { name: deployment, fresh }) =>
  test(`${name}, over ${deployment}`, () => {
    const { nodes, env: own } = fresh();
    return stage(play, { ...options, deployment: { nodes, env: { ...own, ...env } } });
  });

/** A test that is played on one service; `env` is for that, the rest for the browser. */
export const onOne = (name, play, options) => over(name, play, options, one);

/** A test that is played on each. */
export const onEach = (name, play, options) => {
  for (const deployment of [one, two]) over(name, play, options, deployment);
};

/** A test that needs two nodes. */
export const onTwo = (name, play, options) => over(name, play, options, two);
