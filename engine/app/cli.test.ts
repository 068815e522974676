// What every command says and how it exits.
import assert from "node:assert/strict";
import { InstanceFenced, StartRefused } from "../errors.ts";
import { test } from "node:test";
import {
  asCalled,
  CliError,
  describeError,
  errorDocument,
  exitCodes,
  formatTable,
  InterruptedError,
  jsonDocument,
} from "./cli.ts";

test("exitCodes: are what scripts rely on", () => {
  assert.deepEqual(exitCodes, {
    ...{ done: 0, failure: 1, usage: 2, pending: 3, refused: 4, conflict: 5, partial: 6, gate: 7 },
    ...{ replaced: 8, interrupted: 130 },
  });
});

test("describeError: keeps the words, the code and the advice of an error meant for people", () => {
  const error = new CliError("no", { code: "X", exitCode: exitCodes.refused, fix: "do y", cause: new Error("z") });
  assert.deepEqual(describeError(error), { code: "X", message: "no", fix: "do y", exitCode: 4 });
  assert.equal((error.cause as Error).message, "z");
});

test("describeError: makes one line and exit code 1 of an error nobody meant", () => {
  const error = Object.assign(new Error("first\nsecond"), { code: "ECONNREFUSED" });
  assert.deepEqual(describeError(error), { code: "ECONNREFUSED", message: "first", fix: undefined, exitCode: 1 });
  assert.deepEqual(describeError("text"), { code: "UNEXPECTED", message: "text", fix: undefined, exitCode: 1 });
});

test("InterruptedError: exits with 130", () => {
  assert.equal(describeError(new InterruptedError("SIGINT")).exitCode, 130);
});

test("jsonDocument: has every list, filled or empty", () => {
  assert.deepEqual(jsonDocument("a.b", { x: 1 }, { next: ["go"] }), {
    ...{ apiVersion: "sluice/v1", kind: "a.b", status: "ok", data: { x: 1 } },
    ...{ warnings: [], errors: [], next: ["go"] },
  });
});

test("errorDocument: says the same as the line for people", () => {
  const document = errorDocument(new CliError("no", { code: "X", fix: "do y" }));
  assert.equal(document.status, "failed");
  assert.deepEqual(document.errors, [{ code: "X", message: "no", fix: "do y" }]);
});

test("formatTable: aligns columns with blanks alone", () => {
  const table = formatTable(
    ["name", "n"],
    [
      ["a", "1"],
      ["bcd", "22"],
    ],
    { right: ["n"] },
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours, where the test runs on a terminal.
  assert.equal(table.replaceAll(/\u001b\[\d+m/g, ""), "name   n\na      1\nbcd   22");
});

test("describeError: ends with 8 where another process has taken the place of this one", () => {
  const { code, exitCode } = describeError(new InstanceFenced("heartbeat"));
  assert.deepEqual([code, exitCode], ["INSTANCE_FENCED", exitCodes.replaced]);
});

test("describeError: refuses with 4 what a process was not started for", () => {
  const { code, exitCode } = describeError(new StartRefused("OTHER_GROUP", "another group"));
  assert.deepEqual([code, exitCode], ["OTHER_GROUP", exitCodes.refused]);
});

test("errorDocument: names the commands of its fix as what is next", () => {
  const refused = new CliError("no", { code: "NO", fix: "Next: sluice doctor\nNext: sluice worker" });
  assert.deepEqual(errorDocument(refused).next, ["sluice doctor", "sluice worker"]);
  assert.deepEqual(errorDocument(new CliError("no", { code: "NO", fix: "Wait." })).next, []);
});

test("asCalled: names commands by the script of npm that was called, and leaves them as they are when it was none", () => {
  const text = "Next: sluice dlq groups, or sluice dlq list; start it: npm run sluice -- stack up";
  assert.equal(
    asCalled(text, { npm_lifecycle_event: "sluice" }),
    "Next: npm run sluice -- dlq groups, or npm run sluice -- dlq list; start it: npm run sluice -- stack up",
  );
  assert.equal(asCalled("Next: sluice init", { npm_lifecycle_event: "npx" }), "Next: npx sluice init");
  for (const env of [{}, { npm_lifecycle_event: "test" }]) assert.equal(asCalled(text, env), text);
});
