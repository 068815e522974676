/** What is read of a dead letter, whoever wrote it and however badly. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { earlierOf } from "../../worker/round/letter-headers.ts";
import { toRetryRecord } from "../../worker/round/retry-record.ts";
import { shortenDeadLetter } from "../../worker/round/dead-letter.ts";
import { aLetter, aRecord, letterHeaders, ours, writtenLetter } from "../testing/samples.ts";
import { createIntern, hasOwnBytes, idText, keyText, letterOf, originKey, parseId } from "./letter.ts";

const at = { topic: "shop.dlq", partition: 4 };

test("letterOf: reads back what a worker writes when a record fails", () => {
  const letter = letterOf(at, writtenLetter(aRecord({ offset: 42n, timestampMs: 1_000 }), { held: ["reserve"] }));
  const { origin, attempt, flaws, node, stage, kind, held, firstAt, lastAt, group, code, dialect } = letter;
  assert.deepEqual(origin, { topic: "in", partition: 1, offset: 42n, timestampMs: 1_000 });
  assert.deepEqual([attempt, flaws, node, stage, kind, held], [1, [], "check", "process", "in-doubt", "reserve"]);
  assert.deepEqual([firstAt, lastAt, group, code, dialect], [2_000, 2_000, "g.shop", "UNCLASSIFIED", "sluice"]);
  assert.equal(originKey(origin), "in/1/42@1000");
  assert.ok(hasOwnBytes(letter));
});

test("letterOf: says what is missing when a letter was too large for its topic", () => {
  const whole = writtenLetter(aRecord({ value: Buffer.alloc(2 * 1_048_576) }));
  assert.equal(letterOf(at, whole).sizeBytes, 2 * 1_048_576 + 1);
  const { key, value, headers = {} } = shortenDeadLetter(shortenDeadLetter(whole) ?? whole) ?? whole;
  const letter = letterOf(at, { ...whole, key, value, headers });
  assert.deepEqual(letter.dropped, ["stack", "key", "value", "headers"]);
  assert.ok(!hasOwnBytes(letter));
  assert.equal(letter.origin.topic, "in");
});

test("letterOf: takes its own place as its id and names what is missing when there are no headers of ours", () => {
  const letter = letterOf(at, aRecord({ offset: 9n, key: null, value: null }));
  assert.deepEqual(letter.origin, { ...at, offset: 9n, timestampMs: 3_000 });
  assert.deepEqual(letter.flaws, ["topic", "partition", "offset", "timestamp", "attempt"]);
  assert.deepEqual([letter.key, letter.sizeBytes, letter.dialect], [null, 0, "none"]);
});

for (const [what, over] of Object.entries({
  "is no number": { partition: "one" },
  "is negative": { partition: "-1" },
  "is a fraction": { partition: "1.5" },
  "has no bytes": { partition: "" },
  "has an exponent": { partition: "1e3" },
  "is over 2^53": { partition: "9".repeat(16) },
})) {
  test(`letterOf: names a header when it ${what}`, () => {
    const letter = letterOf(at, aRecord({ headers: letterHeaders(1, over) }));
    assert.deepEqual(letter.flaws, ["partition"]);
    assert.equal(letter.origin.topic, at.topic);
  });
}

test("letterOf: accepts the offsets that the worker of its replay accepts when they are of any length", () => {
  for (const offset of ["0", "9007199254740991", "9007199254740992", "9".repeat(19), "-1", "1.0", "1e3", ""]) {
    const headers = letterHeaders(1, { offset });
    const isAccepted = earlierOf(toRetryRecord(aRecord({ headers }), "job").headers ?? {}) !== undefined;
    assert.deepEqual(letterOf(at, aRecord({ headers })).flaws, isAccepted ? [] : ["offset"], offset);
  }
});

test("letterOf: takes the broker's time when a letter says one that no date has", () => {
  const far = String(Number.MAX_SAFE_INTEGER);
  const { firstAt, lastAt, flaws } = aLetter(1, { "first-at": far, "last-at": far });
  assert.deepEqual([firstAt, lastAt, flaws], [3_000, 3_000, []]);
});

test("letterOf: takes its own place as its id when a letter names one that no record can have", () => {
  const places: readonly (readonly [flaw: string, text: string])[] = [
    ["partition", "2147483648"],
    ["partition", String(Number.MAX_SAFE_INTEGER)],
    ["topic", "x".repeat(250)],
    ["topic", "in\u001b[2J"],
    ["topic", "in/0"],
  ];
  for (const [flaw, text] of places) {
    const { flaws, origin, place } = aLetter(1, { [flaw]: text }, 9n);
    assert.deepEqual([flaws, idText(origin)], [[flaw], idText(place)]);
  }
  assert.deepEqual(aLetter(1, { partition: "2147483647", topic: "x".repeat(249) }).flaws, []);
});

test("letterOf: is not led astray when headers are named like properties of every object", () => {
  const headers = Object.fromEntries([
    ["__proto__", ours({ topic: "other" })["_flow.err.topic"] ?? null],
    ["constructor", Buffer.from("x")],
    ["toString", null],
  ]);
  assert.equal(letterOf(at, aRecord({ headers })).dialect, "none");
  const letter = letterOf(at, aRecord({ headers: { ...letterHeaders(3), ...headers } }));
  assert.deepEqual([letter.flaws, letter.origin.offset], [[], 3n]);
});

test("letterOf: reads a null and a repeated header when they come", () => {
  const headers = {
    ...letterHeaders(3),
    "_flow.err.node": null,
    "_flow.err.code": [Buffer.from("A"), Buffer.from("B")],
  };
  const letter = letterOf(at, aRecord({ headers }));
  assert.deepEqual([letter.node, letter.code], ["", "B"]);
});

test("keyText: names a key by its beginning and its hash when it is long", () => {
  assert.equal(keyText(Buffer.from("쿠폰")), "쿠폰");
  assert.equal(keyText(Buffer.alloc(0)), "");
  const long = keyText(Buffer.alloc(300, "a")) ?? "";
  assert.match(long, /^a{64}\.\.\.#[0-9a-f]{16}$/);
  assert.notEqual(long, keyText(Buffer.alloc(301, "a")));
});

test("parseId: reads what is shown, and nothing else", () => {
  const place = { topic: "coupon-issue", partition: 3, offset: 1_042n };
  assert.deepEqual(parseId(idText(place)), place);
  assert.deepEqual(parseId(originKey({ ...place, timestampMs: 5 })), { ...place, timestampMs: 5 });
  for (const text of ["", "coupon-issue", "coupon-issue/3", "a/b/c", "a/1/-2", "a/1/2/3", "a b/1/2", "a/1/2@"])
    assert.equal(parseId(text), undefined, text);
});

test("createIntern: answers the same text again, and remembers no more than 10,000", () => {
  const intern = createIntern();
  for (let n = 0; n < 10_001; n++) assert.equal(intern(`t${n}`), `t${n}`);
});
