/** A check as lines, as a document and as annotations. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { adviceOf } from "../../evolution/advice.ts";
import { judge } from "../../evolution/rules.ts";
import type { AvroJson } from "../../avro/avro.ts";
import type { CheckedSubject } from "./check.ts";
import { againstText, checkDocument, checkLines, githubLines, nextAfterCheck } from "./show-check.ts";

const reasons = (...symbols: string[]): AvroJson => ({
  type: "record",
  name: "coupon.v1.CouponRefused",
  fields: [{ name: "reason", type: { type: "enum", name: "Reason", symbols } }],
});
const checked = (subject: string, now: AvroJson, ...before: AvroJson[]): CheckedSubject => {
  const versions = before.map((avro, at) => ({ number: at + 1, avro }));
  const verdict = judge({ subject, avro: now }, versions, { today: "2026-11-27" });
  const users = { topic: "coupon-refused", readers: ["history"], writers: ["coupon-issuing"] };
  return { verdict, advice: adviceOf(verdict, users), troubles: [], file: "/repo/v/1.avsc" };
};
const added = checked("coupon-refused-value", reasons("A", "B"), reasons("A"), reasons("A"));
const removed = checked("coupon-gone-value", reasons("A"), reasons("A", "B"));

test("check lines: show both directions, the findings, and what to roll out first", () => {
  const letters = { readable: 37, of: 37 };
  assert.deepEqual(checkLines([{ ...added, registry: "agrees", letters }]), [
    "subject               against  new reads old  old reads new  registry  dead letters\n" +
      "coupon-refused-value  v1-v2    yes            NO             agrees    37 of 37 readable",
    "",
    "coupon-refused-value",
    "  coupon.v1.CouponRefused.reason",
    "    ENUM_SYMBOL_ADDED  B may have been written, and this enum has no default (readers of v2)",
    "  Roll out: readers of coupon-refused (history) first, then coupon-issuing.",
    "",
    "1 subject, 1 finding.",
  ]);
  assert.deepEqual(nextAfterCheck([added]), ['sluice schema evolve coupon-refused-value --reason "..."']);
});

test("check lines: say what is refused, and what to do about it", () => {
  const lines = checkLines([removed]);
  assert.ok(
    lines.includes("    ENUM_SYMBOL_REMOVED  B may have been written, and this enum has no default (v1; REFUSED)"),
  );
  assert.equal(lines.at(-1), "1 subject, 1 finding, 1 refused.");
  assert.match(nextAfterCheck([removed]).join(), /^Give new fields a default/);
});

test("check document: fails with the findings that refuse, and only those", () => {
  const document = checkDocument([added, removed]);
  assert.equal(document.status, "failed");
  assert.deepEqual(
    document.errors.map(({ code }) => code),
    ["ENUM_SYMBOL_REMOVED"],
  );
  assert.equal(checkDocument([added]).status, "ok");
});

test("github lines: are errors for what refuses and warnings for the rest, with the runner's escapes", () => {
  const trouble = { code: "NOT_RECORDED", text: "100 %\nsure", fix: "evolve" } as const;
  const lines = githubLines([added, { ...removed, troubles: [trouble] }], (file) => file.slice(6));
  assert.deepEqual(
    lines.map((line) => line.slice(0, line.indexOf("::", 2))),
    [
      "::warning file=v/1.avsc,title=coupon-refused-value ENUM_SYMBOL_ADDED",
      "::error file=v/1.avsc,title=coupon-gone-value ENUM_SYMBOL_REMOVED",
      "::error file=v/1.avsc,title=coupon-gone-value NOT_RECORDED",
    ],
  );
  assert.ok(lines[2]?.endsWith("100 %25%0Asure. Next: evolve"));
});

test("versions: are a range where they follow each other", () => {
  assert.deepEqual([[], [2], [1, 2, 3], [1, 4]].map(againstText), ["-", "v2", "v1-v3", "v1,v4"]);
});
