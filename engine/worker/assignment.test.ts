/** What a partition that was given back may still do: nothing to the feeds of those that came after it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../clock.ts";
import { silentLogger } from "../logger.ts";
import { createAssignment, type PartitionMaker } from "./assignment.ts";
import type { Partition } from "./partition/partition.ts";
import { noTelemetry } from "./telemetry.ts";

const source = { name: "orders", partitions: 2 };
const at = { topic: "orders", partition: 0 };

/** An assignment of partitions that do nothing; `made` has what each of them was given, in order. */
const stage = () => {
  const made: Parameters<PartitionMaker>[1][] = [];
  const paused: string[] = [];
  const status = { queuedRecords: 0, inFlightRecords: 0, lagRecords: 0, lagMs: 0, paused: false, leaseEpoch: 0 };
  const partition: Partition = {
    intake: () => {},
    drain: async () => {},
    abandon: () => new Map(),
    status: () => status,
    touched: () => [],
    exclusive: async () => undefined,
  };
  const make: PartitionMaker = (_, hooks) => {
    made.push(hooks);
    return partition;
  };
  const assignment = createAssignment(make, {
    topics: { sources: [source], retry: "shop.retry" },
    clock: systemClock,
    logger: silentLogger,
    telemetry: noTelemetry,
    onFailed: (error) => assert.fail(error),
  });
  assignment.attach({
    commit: async () => {},
    positions: async () => new Map(),
    pause: () => void paused.push("pause"),
    resume: () => void paused.push("resume"),
  });
  return { assignment, made, paused };
};

test("assignment: pauses and resumes what its own partition asks for", () => {
  const { assignment, made, paused } = stage();
  assignment.listener.assigned([at]);
  made[0]?.setPaused(true);
  made[0]?.setPaused(false);
  assert.deepEqual(paused, ["pause", "resume"]);
});

test("assignment: pauses nothing for a partition that was given back, when the same one is assigned again", async () => {
  const { assignment, made, paused } = stage();
  assignment.listener.assigned([at]);
  assignment.listener.assigned([at]);
  made[0]?.setPaused(true);
  assert.deepEqual(paused, []);
  made[1]?.setPaused(true);
  made[0]?.setPaused(false);
  assert.deepEqual(paused, ["pause"]);
  await assignment.listener.revoking();
  made[1]?.setPaused(false);
  assert.deepEqual(paused, ["pause"]);
});
