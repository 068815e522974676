/** What would become of a letter's bytes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { record, string } from "../../avro/avro.ts";
import { topic } from "../../avro/topic.ts";
import { aRecord, letterHeaders } from "../testing/samples.ts";
import { prospects } from "./prospect.ts";

const Text = record("test.v1.Text", { text: string() });
const of = { key: "text", id: ({ text }: { readonly text: string }) => text } as const;
const checked = topic("in", Text, {
  ...of,
  maxRecordBytes: 1_000,
  check: ({ text }, key) => (String(key) === text ? undefined : "its key is another"),
});
const throwing = topic("throws", Text, {
  ...of,
  check: () => {
    throw new TypeError("no such field");
  },
});
// Erasure: as the DSL does with sources.
const prospectOf = prospects("shop", [checked, throwing] as never);
const small = prospects("shop", [checked] as never);
const value = (text: string) => ({ kind: "value", value: { text } }) as const;
const unreadable = { kind: "unreadable", why: "it is no record" } as const;
const letter = aRecord({ headers: letterHeaders(1), key: Buffer.from("k") });

test("prospects: is sound when the topic's check finds nothing", () => {
  assert.equal(prospectOf("in", letter, value("k")), "sound");
});

test("prospects: is wrong when the topic's check refuses the value or the key, or throws", () => {
  assert.equal(prospectOf("in", letter, value("other")), "wrong");
  assert.equal(prospectOf("throws", letter, value("k")), "wrong");
});

test("prospects: is unreadable when the schema does not read it", () => {
  assert.equal(prospectOf("in", letter, unreadable), "unreadable");
});

test("prospects: is too large when the record without the letter's headers is, and not when only the letter is", () => {
  const stack = letterHeaders(1, { stack: "x".repeat(4_000) });
  assert.equal(small("in", { ...letter, headers: stack }, value("k")), "sound");
  assert.equal(small("in", { ...letter, value: Buffer.alloc(1_000) }, value("k")), "sound");
  assert.equal(small("in", { ...letter, value: Buffer.alloc(2_100) }, value("k")), "too-large");
  assert.equal(small("in", { ...letter, value: Buffer.alloc(2_100) }, unreadable), "too-large");
});
