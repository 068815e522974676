/** The table of log events says what the code logs: every event is in it, and none is that no code logs. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";

const product = ["engine", "api", "ops", "processors", "sinks", "stores"].map((folder) => `${folder}/**/*.ts`);
const loggedIn = (file: string): string[] =>
  [...readFileSync(file, "utf8").matchAll(/event: "([a-z]+(?:\.[a-zA-Z]+)+)"/g)].flatMap(([, event]) => event ?? []);

test("log events: are those of the table when the code is read", () => {
  const files = globSync(product, { exclude: ["engine/dist/**", "**/node_modules/**", "**/*.test.ts"] });
  const logged = new Set(files.flatMap(loggedIn));
  const table = readFileSync("docs/reference/log-events.md", "utf8");
  const documented = [...table.matchAll(/^\| `([^`]+)` \|/gm)].flatMap(([, event]) => event ?? []);
  assert.deepEqual(documented.toSorted(), [...logged].toSorted());
});
