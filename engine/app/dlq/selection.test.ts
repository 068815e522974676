/** Options of the command line as a selection. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CliError, exitCodes } from "../cli.ts";
import { refuseAll, selectionOf, type SelectOptions } from "./selection.ts";

const now = Date.parse("2026-11-27T12:00:00Z");
const of = (options: SelectOptions, ids: readonly string[] = []) =>
  selectionOf(ids, options, { states: ["open"], now });

test("selectionOf: has only what was asked", () => {
  assert.deepEqual(of({}), { states: ["open"] });
  assert.deepEqual(of({ state: "all" }), {});
  assert.deepEqual(of({ code: "A", limit: 3 }, ["in/1/2"]), { ids: ["in/1/2"], code: "A", states: ["open"], limit: 3 });
});

test("selectionOf: reads times and how long ago, attempts and states", () => {
  const { since, until } = of({ since: "2h", until: "2026-11-27T11:30Z" });
  assert.deepEqual([since, until], [now - 7_200_000, now - 1_800_000]);
  assert.deepEqual([of({ attempt: "<3" }).attempt, of({ attempt: "2" }).attempt], [{ below: 3 }, { is: 2 }]);
  assert.deepEqual(of({ state: "open,failed-again" }).states, ["open", "failed-again"]);
});

const wrong: readonly SelectOptions[] = [
  { since: "yesterday" },
  { since: "5" },
  { until: "2026-13-40" },
  { attempt: ">3" },
  { attempt: "<" },
  { attempt: "<0" },
  { attempt: "<1" },
  { attempt: "0" },
  { state: "opened" },
  { state: "" },
  { fingerprint: "" },
];
for (const options of wrong)
  test(`selectionOf: is wrong usage when asked ${JSON.stringify(options)}`, () => {
    assert.throws(
      () => of(options),
      (error) => error instanceof CliError && error.exitCode === exitCodes.usage && /expected/.test(error.message),
    );
  });

test("refuseAll: lets all letters through only when they are confirmed by name", () => {
  const topology = "shop";
  const refuses = (all: boolean, confirm?: string) =>
    assert.throws(() => refuseAll({ states: ["open"] }, { all, confirm, topology }), { code: "CONFIRM_ALL" });
  refuses(false);
  refuses(true);
  refuses(false, "shop");
  refuses(true, "other");
  refuseAll({ states: ["open"] }, { all: true, confirm: "shop", topology });
  refuseAll({ code: "A" }, { all: false, confirm: undefined, topology });
});
