/** Dead letters in the log: each with its place, a flood in a bounded number of lines. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogFields } from "../../logger.ts";
import { silentLogger } from "../../logger.ts";
import { noTelemetry } from "../telemetry.ts";
import { loggingDeadLetters } from "./dead-letter-log.ts";

const letter = (offset: bigint) => ({ topic: "orders", partition: 3, offset, node: "charge", code: "UNCLASSIFIED" });

const logged = () => {
  const lines: LogFields[] = [];
  let now = 5_000;
  let counted = 0;
  const logger = { ...silentLogger, warn: (fields: LogFields) => void lines.push(fields) };
  const telemetry = { ...noTelemetry, deadLettered: () => void counted++ };
  const { deadLettered } = loggingDeadLetters(telemetry, { topology: "charging", logger, clock: { now: () => now } });
  const pass = (ms: number): void => {
    now += ms;
  };
  return { lines, deadLettered, counted: () => counted, pass };
};

test("dead letter log: names topic, partition, offset, node and code when a record is dead-lettered", () => {
  const { lines, deadLettered } = logged();
  deadLettered(letter(1042n));
  assert.deepEqual(lines, [
    {
      event: "record.deadLettered",
      topology: "charging",
      topic: "orders",
      partition: 3,
      offset: "1042",
      node: "charge",
      code: "UNCLASSIFIED",
    },
  ]);
});

test("dead letter log: writes ten lines a second and counts the others in the next line when there is a flood", () => {
  const { lines, deadLettered, counted, pass } = logged();
  for (let offset = 0n; offset < 1_000n; offset++) deadLettered(letter(offset));
  assert.equal(lines.length, 10);
  pass(1_000);
  deadLettered(letter(1_000n));
  assert.equal(lines.length, 11);
  assert.equal(lines.at(-1)?.["unlogged"], 990);
  assert.equal(counted(), 1_001);
});
