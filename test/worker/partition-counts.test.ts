/** Topics that have another number of partitions than they were declared with. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fatal } from "../../engine/errors.ts";
import { couponIssueRequests } from "../../schemas/coupon.ts";
import type { LogListener, TopicPartition } from "../../engine/log/log.ts";
import { refuseGrowth } from "../../engine/worker/partition-counts.ts";
import { memoryStage, openCoupon, request, until } from "../../topology/testing/memory-stage.ts";

const groupId = "test.coupon-issuing";

test("worker: ends, one after the other, and reads nothing of new partitions when its topic has grown", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  await stage.send([request(1, "hot")]);
  const workers = await Promise.all([stage.start("w1"), stage.start("w2")]);
  await until("both have partitions", () => workers.every((worker) => worker.status().size === 3));
  await until("it is issued", () => stage.database.verdicts.size === 1);
  const grown = { topic: couponIssueRequests.name, partition: 6 };
  stage.broker.growTopic(grown.topic, 7);
  await stage.broker.client("sender").append(grown, [{ key: Buffer.from("hot"), value: Buffer.from("anything") }]);
  stage.broker.rebalance(groupId);
  // A process that has ended leaves its group, which gives the new partition to the next.
  await Promise.all(workers.map(async (worker) => worker.ended.finally(() => worker.stop())));
  for (const worker of workers) {
    const error = await worker.ended;
    assert.ok(error instanceof Fatal && error.code === "PARTITION_COUNT", String(error));
    assert.match(error.message, /coupon-issue has more partitions than the 6/);
  }
  assert.deepEqual([stage.deadLetters().length, stage.broker.committed(groupId, grown)], [0, undefined]);
  await assert.rejects(stage.start("w3"), /has 7 partitions, the topology declares 6/);
});

test("worker: lets go of what it had when it is assigned a partition that is not declared", () => {
  const seen: unknown[] = [];
  const listener: LogListener = {
    assigned: (partitions) => seen.push(partitions),
    records: () => {},
    revoking: async () => {},
    failed: (error) => seen.push(error.message),
  };
  const guarded = refuseGrowth([{ name: "t", partitions: 2 }], listener);
  const own: readonly TopicPartition[] = [0, 1].map((partition) => ({ topic: "t", partition }));
  guarded.assigned(own);
  guarded.assigned([...own, { topic: "t", partition: 2 }]);
  assert.deepEqual(seen.slice(0, 2), [own, []]);
  assert.match(String(seen[2]), /more partitions than the 2/);
});
