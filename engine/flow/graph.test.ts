/** A graph's canonical JSON and its hash. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { three } from "../interpreter/testing/walking.ts";
import { canonicalHash, canonicalJson, graphHash } from "./graph.ts";

test("canonicalJson: sorts keys at every depth and leaves spaces out", () => {
  assert.equal(canonicalJson({ b: [{ d: 1, c: "x y" }], a: null }), '{"a":null,"b":[{"c":"x y","d":1}]}');
});

test("canonicalJson: keeps the order of arrays", () => {
  assert.notEqual(canonicalJson([1, 2]), canonicalJson([2, 1]));
});

test("canonicalJson: leaves a key out when its value is undefined, as JSON does", () => {
  assert.equal(canonicalJson({ a: undefined, b: 1 }), '{"b":1}');
});

test("canonicalJson: is JSON of an equal value, whatever the value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => assert.deepEqual(JSON.parse(canonicalJson(value)), roundTrip(value))),
  );
});

test("canonicalJson: is the same when only the order of keys differs", () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue());
  fc.assert(fc.property(object, (value) => assert.equal(canonicalJson(backwards(value)), canonicalJson(value))));
});

test("canonicalHash: is 64 hex digits, stable under key order, and another one when a value differs", () => {
  assert.match(canonicalHash({ a: 1 }), /^[0-9a-f]{64}$/);
  assert.equal(canonicalHash({ a: 1, b: 2 }), canonicalHash({ b: 2, a: 1 }));
  assert.notEqual(canonicalHash({ a: 1 }), canonicalHash({ a: 2 }));
});

test("graph: is plain JSON", () => {
  assert.deepEqual(roundTrip(three.graph), three.graph);
  assert.equal(graphHash(three.graph), three.hash);
});

const roundTrip = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The same object with its keys the other way round. `JSON.parse` keeps `__proto__` an ordinary key, as fast-check makes it. */
const backwards = (value: Readonly<Record<string, unknown>>): unknown =>
  JSON.parse(
    `{${Object.entries(value)
      .reverse()
      .map(([key, v]) => `${JSON.stringify(key)}:${JSON.stringify(v)}`)
      .join()}}`,
  );

test("graphHash: does not depend on the order in which arms were declared, and does on everything else", () => {
  const { graph, hash } = three;
  assert.equal(graphHash({ ...graph, edges: graph.edges.toReversed() }), hash);
  assert.notEqual(graphHash({ ...graph, edges: graph.edges.slice(1) }), hash);
});
