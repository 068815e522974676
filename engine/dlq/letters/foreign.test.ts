/** Dead letters of Spring Kafka, Kafka Streams and Kafka Connect, as their writers lay them out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Headers } from "../../log/log.ts";
import { aRecord } from "../testing/samples.ts";
import { wordsOf } from "./foreign.ts";
import { letterOf } from "./letter.ts";

const at = { topic: "orders.DLT", partition: 0 };
const texts = (prefix: string, fields: Readonly<Record<string, string>>): Headers =>
  Object.fromEntries(Object.entries(fields).map(([name, text]) => [prefix + name, Buffer.from(text)]));
const long = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};
const spring = {
  ...texts("kafka_dlt-", {
    "original-topic": "orders",
    "original-consumer-group": "billing",
    "exception-fqcn": "org.springframework.kafka.listener.ListenerExecutionFailedException",
    "exception-cause-fqcn": "java.lang.IllegalStateException",
    "exception-message": "no stock",
    "exception-stacktrace": "at A.b",
  }),
  "kafka_dlt-original-partition": Buffer.from([0, 0, 0, 5]),
  "kafka_dlt-original-offset": long(1_000_000_000_000n),
  "kafka_dlt-original-timestamp": long(1_700_000_000_000n),
};

test("letterOf: reads big-endian numbers when Spring Kafka wrote the letter", () => {
  const letter = letterOf(at, aRecord({ headers: spring }));
  const origin = { topic: "orders", partition: 5, offset: 1_000_000_000_000n, timestampMs: 1_700_000_000_000 };
  assert.deepEqual([letter.dialect, letter.origin, letter.flaws], ["spring", origin, []]);
  assert.deepEqual([letter.code, letter.node], ["IllegalStateException", "billing"]);
  assert.deepEqual(wordsOf(spring), { message: "no stock", stack: "at A.b" });
});

test("letterOf: takes the first origin when Spring Kafka's letter failed in a retry topic too", () => {
  const again = {
    ...spring,
    "kafka_dlt-original-topic": [Buffer.from("orders"), Buffer.from("orders-retry-0")],
    "kafka_dlt-original-offset": [long(7n), long(3n)],
  };
  const { origin } = letterOf(at, aRecord({ headers: again }));
  assert.deepEqual([origin.topic, origin.offset], ["orders", 7n]);
});

test("letterOf: names what is wrong when numbers of Spring Kafka have another length", () => {
  const headers = {
    ...spring,
    "kafka_dlt-original-partition": Buffer.from("5"),
    "kafka_dlt-original-offset": long(-1n),
  };
  assert.deepEqual(letterOf(at, aRecord({ headers })).flaws, ["partition", "offset"]);
});

test("letterOf: reads the letter when Kafka Streams wrote it", () => {
  const headers = texts("__streams.errors.", {
    topic: "in",
    partition: "2",
    offset: "17",
    exception: "org.apache.kafka.common.errors.SerializationException",
    message: "bad bytes",
    stacktrace: "at C.d",
  });
  const letter = letterOf(at, aRecord({ headers }));
  assert.deepEqual(letter.origin, { topic: "in", partition: 2, offset: 17n, timestampMs: 0 });
  assert.deepEqual([letter.dialect, letter.code, letter.flaws], ["streams", "SerializationException", []]);
  assert.equal(wordsOf(headers).message, "bad bytes");
});

test("letterOf: reads the letter when Kafka Connect wrote it", () => {
  const headers = texts("__connect.errors.", {
    topic: "in",
    partition: "2",
    offset: "17",
    "connector.name": "sink",
    stage: "VALUE_CONVERTER",
    "class.name": "io.Converter",
    "exception.class.name": "java.lang.RuntimeException",
    "exception.message": "no",
  });
  const letter = letterOf(at, aRecord({ headers }));
  assert.deepEqual([letter.dialect, letter.origin.offset, letter.node], ["connect", 17n, "io.Converter"]);
  assert.deepEqual([letter.group, letter.stage, letter.code], ["sink", "VALUE_CONVERTER", "RuntimeException"]);
});

test("letterOf: groups letters of others by what failed", () => {
  const of = (exception: string) =>
    letterOf(at, aRecord({ headers: { ...spring, ...texts("kafka_dlt-", { "exception-cause-fqcn": exception }) } }));
  assert.equal(of("a.B").fingerprint, of("a.B").fingerprint);
  assert.notEqual(of("a.B").fingerprint, of("a.C").fingerprint);
});

test("wordsOf: reads message and stack when Spring Kafka could not read the key", () => {
  const headers = texts("kafka_dlt-", { "key-exception-message": "no key", "key-exception-stacktrace": "at a" });
  assert.deepEqual(wordsOf(headers), { message: "no key", stack: "at a" });
});
