/** What is refused, what is allowed until when, and what is advice. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AvroJson } from "../avro/avro.ts";
import { adviceOf, usersOf } from "./advice.ts";
import { type Allowance, isSameSchema, judge, type Version } from "./rules.ts";
import { aGraph } from "../deploy/testing/documents.ts";

const of = (...fields: AvroJson[]): AvroJson => ({ type: "record", name: "R", namespace: "n", fields });
const text = { name: "t", type: "string" };
const note = { name: "note", type: ["null", "string"], default: null };
const reason = (...symbols: string[]) => ({ name: "why", type: { type: "enum", name: "Why", symbols } });
const moment = (unit: string) => ({ name: "at", type: { type: "long", logicalType: `timestamp-${unit}` } });
const versions = (...all: AvroJson[]): readonly Version[] => all.map((avro, at) => ({ number: at + 1, avro }));
const today = "2026-11-27";
const judged = (avro: AvroJson, old: readonly Version[], more: { keyedBy?: string; allowances?: Allowance[] } = {}) => {
  const { allowances = [], ...about } = more;
  return judge({ subject: "s-value", avro, ...about }, old, { allowances, today });
};
const found = ({ findings }: ReturnType<typeof judged>) =>
  findings.map(({ rule, direction, against }) => `${rule} ${direction} ${against.join()}`);

test("judge: has nothing to say when a subject is new", () => {
  const verdict = judged(of(text), []);
  assert.deepEqual(
    { ...verdict, findings: verdict.findings.length },
    {
      ...{ subject: "s-value", against: [], declaredAs: null, newReadsOld: true, oldReadsNew: true, findings: 0 },
      refused: false,
    },
  );
});

test("judge: compares with every version when only an earlier one cannot be read", () => {
  // v3 has a default for what v2 dropped, so the last version alone would be fine.
  const verdict = judged(
    of(text, { name: "n", type: "int" }),
    versions(of(text), of(text), of(text, { name: "n", type: "int" })),
  );
  assert.deepEqual(found(verdict), ["FIELD_NO_DEFAULT newReadsOld 1,2"]);
  assert.equal(verdict.refused, true);
  assert.equal(verdict.newReadsOld, false);
});

test("judge: only advises when old readers cannot read a new symbol", () => {
  const old = versions(of(reason("A")), of(reason("A", "B")));
  const verdict = judged(of(reason("A", "B", "C")), old);
  assert.deepEqual(found(verdict), ["ENUM_SYMBOL_ADDED oldReadsNew 2"]);
  assert.deepEqual([verdict.refused, verdict.newReadsOld, verdict.oldReadsNew], [false, true, false]);
});

test("judge: is silent about what the declared schema did when it came", () => {
  const verdict = judged(of(reason("A", "B")), versions(of(reason("A")), of(reason("A", "B"))));
  assert.deepEqual([found(verdict), verdict.declaredAs], [[], 2]);
});

const refused: readonly [what: string, from: AvroJson, to: AvroJson, rule: string][] = [
  ["a required field is new", of(text), of(text, { name: "n", type: "int" }), "FIELD_NO_DEFAULT"],
  ["a symbol is gone", of(reason("A", "B")), of(reason("A")), "ENUM_SYMBOL_REMOVED"],
  ["milliseconds become microseconds", of(moment("millis")), of(moment("micros")), "LOGICAL_TYPE_CHANGED"],
];
for (const [what, from, to, rule] of refused) {
  test(`judge: refuses when ${what}`, () => {
    const verdict = judged(to, versions(from));
    assert.equal(verdict.refused, true);
    assert.ok(verdict.findings.some((one) => one.rule === rule && one.direction === "newReadsOld"));
  });
}

const allowance = (more: Partial<Allowance> = {}): Allowance => ({
  ...{ subject: "s-value", rule: "LOGICAL_TYPE_CHANGED", path: "n.R.at", reason: "nothing was written yet" },
  until: today,
  ...more,
});
const allowances: readonly [what: string, Allowance, refused: boolean][] = [
  ["it is allowed", allowance(), false],
  ["the day is over", allowance({ until: "2026-11-26" }), true],
  ["the day is no day", allowance({ until: "when it is done" }), true],
  ["it is of another subject", allowance({ subject: "t-value" }), true],
  ["it is of another field", allowance({ path: "n.R.on" }), true],
  ["it is of another rule", allowance({ rule: "FIELD_RENAMED" }), true],
];
for (const [what, allowed, isRefused] of allowances) {
  test(`judge: answers ${isRefused ? "refused" : "allowed"} to a change of meaning when ${what}`, () => {
    const verdict = judged(of(moment("micros")), versions(of(moment("millis"))), { allowances: [allowed] });
    assert.equal(verdict.refused, isRefused);
    assert.equal(verdict.findings[0]?.allowed !== undefined, !isRefused);
  });
}

test("judge: allows nothing that cannot be read at all", () => {
  const missing = allowance({ rule: "FIELD_NO_DEFAULT", path: "n.R.n" });
  assert.equal(judged(of({ name: "n", type: "int" }), versions(of()), { allowances: [missing] }).refused, true);
});

const keys: readonly [what: string, to: AvroJson, touched: boolean][] = [
  ["its type is the same", of(text, note), false],
  ["it may be null", of({ name: "t", type: ["null", "string"], default: null }), true],
  ["it is a uuid now", of({ name: "t", type: { type: "string", logicalType: "uuid" } }), true],
  ["it has another name", of({ name: "u", aliases: ["t"], type: "string" }), true],
];
for (const [what, to, touched] of keys) {
  test(`judge: ${touched ? "finds" : "does not find"} the key touched when ${what}`, () => {
    const verdict = judged(to, versions(of(text)), { keyedBy: "t" });
    assert.equal(
      verdict.findings.some(({ rule }) => rule === "KEY_FIELD_TOUCHED"),
      touched,
    );
    assert.equal(verdict.refused, touched);
  });
}

test("isSameSchema: looks at what is read, not at the text", () => {
  const long = { type: "record", name: "n.R", doc: "a record", fields: [{ type: { type: "string" }, name: "t" }] };
  assert.ok(isSameSchema(of(text), long));
  assert.ok(!isSameSchema(of(text), of(text, note)));
  const recursive = of({ name: "next", type: ["null", "R"] });
  assert.ok(isSameSchema(recursive, of({ name: "next", type: ["null", "n.R"] })));
});

test("adviceOf: names the order by topology, from the directions that were measured", () => {
  const users = usersOf("in", [aGraph("shop"), aGraph("other", ["decide"], "elsewhere")]);
  assert.deepEqual(users, { topic: "in", readers: ["shop"], writers: [] });
  assert.deepEqual(usersOf("out", [aGraph("shop")]).writers, ["shop"]);
  const added = judged(of(reason("A", "B")), versions(of(reason("A"))));
  assert.equal(adviceOf(added, users), "Roll out: readers of in (shop) first, then what writes it.");
  const both = judged(of(text, note), versions(of(text)));
  assert.equal(adviceOf(both, users), "Roll out: readers and writers in any order.");
  assert.equal(adviceOf(judged(of(text), versions(of(text))), users), undefined);
  assert.equal(adviceOf(judged(of({ name: "n", type: "int" }), versions(of())), users), undefined);
});
