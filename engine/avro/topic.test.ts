/** A topic's key: a field by its name, or computed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { int, record, string } from "./avro.ts";
import { topic, topicOfSubject } from "./topic.ts";

const Sale = record("test.v1.Sale", { shop: string(), amount: int() });
const id = ({ shop }: { readonly shop: string }) => shop;

test("topic: is keyed by the value of a field when the field is named, and says so", () => {
  const { key, keyedBy } = topic("sales", Sale, { key: "shop", id });
  assert.deepEqual([key({ shop: "s-1", amount: 2 }), keyedBy], ["s-1", "shop"]);
});

test("topic: does not say by what it is keyed when the key is computed", () => {
  const { key, keyedBy } = topic("sales", Sale, { key: ({ shop, amount }) => `${shop}/${amount}`, id });
  assert.deepEqual([key({ shop: "s-1", amount: 2 }), keyedBy], ["s-1/2", undefined]);
});

test("topic: takes only the names of text fields", () => {
  // @ts-expect-error -- amount is a number
  topic("sales", Sale, { key: "amount", id });
  // @ts-expect-error -- there is no such field
  topic("sales", Sale, { key: "user", id });
});

test("topicOfSubject: is the inverse of a topic's subject, and refuses others", () => {
  assert.equal(topicOfSubject("coupon-issue-value"), "coupon-issue");
  assert.throws(() => topicOfSubject("coupon-issue"), RangeError);
});
