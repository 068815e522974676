/** What kafkajs's errors are taken for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AccessRefused, Fatal, Poison, Unavailable } from "../../errors.ts";
import { CommitRefused } from "../log.ts";
import { appendFailure, commitFailure, failureOf, hasType, isCoordinatorLost, isFatal, isRefused } from "./failures.ts";

const to = { topic: "t", partition: 3 };
const errorOf = (fields: Readonly<Record<string, unknown>>): Error => Object.assign(new Error("said kafkajs"), fields);
/** As kafkajs wraps what it gave up on. */
const givenUp = (cause: Error): Error =>
  Object.assign(new Error(cause.message), { name: "KafkaJSNumberOfRetriesExceeded", cause });

test("append failure: is poison when the broker will never take the records", () => {
  for (const type of ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]) {
    const failure = appendFailure(givenUp(errorOf({ type })), to, 2);
    assert.ok(failure instanceof Poison);
    assert.equal(failure.code, "RECORD_TOO_LARGE");
  }
  assert.equal(appendFailure(errorOf({ type: "INVALID_RECORD" }), to, 1).code, "RECORD_INVALID");
});

test("append failure: is unavailable when the outcome is not known", () => {
  const causes = [
    errorOf({ name: "KafkaJSConnectionError", code: "ECONNREFUSED" }),
    errorOf({ name: "KafkaJSRequestTimeoutError" }),
    errorOf({ type: "OUT_OF_ORDER_SEQUENCE_NUMBER" }),
    errorOf({ type: "NOT_ENOUGH_REPLICAS_AFTER_APPEND" }),
    errorOf({ type: "UNKNOWN_TOPIC_OR_PARTITION" }),
    errorOf({ name: "KafkaJSLockTimeout" }),
  ];
  for (const cause of causes) {
    const failure = appendFailure(givenUp(cause), to, 2);
    assert.ok(failure instanceof Unavailable, String(cause));
    assert.match(failure.message, /2 record\(s\) to t\/3/);
    assert.ok(failure.cause instanceof Error);
  }
});

for (const fields of [
  { type: "TOPIC_AUTHORIZATION_FAILED" },
  { type: "GROUP_AUTHORIZATION_FAILED" },
  { type: "SASL_AUTHENTICATION_FAILED" },
  { name: "KafkaJSSASLAuthenticationError" },
]) {
  test(`failures: are a refusal, which is held and says what to look at, when the brokers answer ${Object.values(fields)}`, () => {
    const error = givenUp(errorOf(fields));
    for (const failure of [appendFailure(error, to, 1), commitFailure(error, "g"), failureOf(error, "asking")]) {
      assert.ok(failure instanceof AccessRefused, String(failure));
      assert.deepEqual([failure.disposition, failure.code], ["unavailable", "KAFKA_REFUSED"]);
      assert.match(failure.message, /^the brokers refuse us: .*; check the credentials \(SLUICE_KAFKA_\*\)/);
    }
    assert.deepEqual([isRefused(error), isFatal(error)], [true, false]);
  });
}

test("append failure: passes our own errors on", () => {
  const own = new Unavailable("kafka", "no answer");
  assert.equal(appendFailure(own, to, 1), own);
});

test("commit failure: is a refusal when the membership is over", () => {
  for (const type of ["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID"]) {
    assert.ok(commitFailure(givenUp(errorOf({ type })), "g") instanceof CommitRefused, type);
  }
});

test("commit failure: is unavailable when the coordinator is not there", () => {
  for (const fields of [
    { type: "NOT_COORDINATOR_FOR_GROUP" },
    { type: "GROUP_LOAD_IN_PROGRESS" },
    { name: "KafkaJSConnectionError" },
  ]) {
    assert.ok(commitFailure(errorOf(fields), "g") instanceof Unavailable);
  }
});

test("failures: what ends a subscription is a configuration that cannot be, a bug, or our own fatal error; an outage is not", () => {
  for (const fields of [{ type: "INVALID_GROUP_ID" }, { name: "TypeError" }, { name: "KafkaJSNotImplemented" }]) {
    assert.equal(isFatal(givenUp(errorOf(fields))), true);
  }
  assert.equal(isFatal(new Fatal("X", "x")), true);
  // kafkajs calls the first two not retriable, and would end its consumer in an outage.
  for (const name of [
    "KafkaJSGroupCoordinatorNotFound",
    "KafkaJSLockTimeout",
    "KafkaJSNoBrokerAvailableError",
    "Error",
  ]) {
    assert.equal(isFatal(givenUp(errorOf({ name, retriable: false }))), false, name);
  }
});

test("failures: kafkajs's stumble over its last broker is an outage, and the same error elsewhere a bug", () => {
  const stumble = (file: string): TypeError => {
    const error = new TypeError("Cannot read properties of undefined (reading 'connect')");
    error.stack = `${error.message}\n    at /app/node_modules/kafkajs/src/cluster/${file}:86:31`;
    return error;
  };
  assert.equal(isFatal(givenUp(stumble("brokerPool.js"))), false);
  assert.ok(appendFailure(givenUp(stumble("brokerPool.js")), to, 1) instanceof Unavailable);
  assert.equal(isFatal(givenUp(stumble("index.js"))), true);
});

test("failures: finds types and lost coordinators behind causes, and ends in a circle", () => {
  const circular = errorOf({ type: "NOT_COORDINATOR_FOR_GROUP" });
  Object.assign(circular, { cause: circular });
  assert.equal(hasType(circular, "SOMETHING"), false);
  assert.equal(isCoordinatorLost(circular), true);
  assert.equal(isCoordinatorLost(givenUp(errorOf({ name: "KafkaJSConnectionClosedError" }))), true);
  assert.equal(isCoordinatorLost(errorOf({ type: "ILLEGAL_GENERATION" })), false);
  assert.ok(failureOf("a string", "asking") instanceof Unavailable);
});
