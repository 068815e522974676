/** The hooks of ConsumerGroup: for the groups that have them, and only for those. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConsumerGroup } from "../internals.ts";
import { requireKafkajs } from "../kafkajs.ts";
import { groupHooksPatch, hookGroupsWith } from "./group-hooks.ts";

const { prototype } = requireKafkajs([groupHooksPatch])("src/consumer/consumerGroup.js");

/** A group as the prototype's methods see it; the retrier fails a join that is really tried. */
const groupWith = (assigner: object): ConsumerGroup =>
  Object.assign(Object.create(prototype), {
    assigners: [assigner],
    retrier: () => Promise.reject(new Error("joined for real")),
    cluster: { refreshMetadataIfNecessary: () => Promise.reject(new Error("fetched for real")) },
    preferredReadReplicasPerTopicPartition: {},
    logger: { error: () => {} },
    memberId: "m",
    coordinator: { leaveGroup: () => Promise.reject(new Error("left for real")) },
    offsetManager: { setDefaultOffset: () => Promise.reject(new Error("jumped for real")) },
  });
const outOfRange = { topic: "t", partition: 1, message: "no error of the test" };

test("group hooks: stand between a join, a fetch, a leave and a jump and what kafkajs does", async () => {
  const told: unknown[] = [];
  const assigner = {};
  hookGroupsWith(assigner, {
    join: async (_, join) => {
      told.push("before the join");
      await assert.rejects(join(), /joined for real/);
    },
    fetch: async (_, fetch) => {
      told.push("before the fetch");
      await assert.rejects(fetch(), /fetched for real/);
      return [];
    },
    leave: async (_, leave) => {
      told.push("before leaving");
      await assert.rejects(leave(), /left for real/);
    },
    offsetOutOfRange: async (_, at) => void told.push(at),
  });
  const group = groupWith(assigner);
  await group.joinAndSync();
  await group.fetch("1");
  await group.leave();
  await group.recoverFromOffsetOutOfRange(outOfRange);
  assert.deepEqual(told, ["before the join", "before the fetch", "before leaving", { topic: "t", partition: 1 }]);
});

test("group hooks: leave other groups alone", async () => {
  const group = groupWith({});
  await assert.rejects(group.joinAndSync(), /joined for real/);
  await assert.rejects(group.fetch("1"), /fetched for real/);
  await assert.rejects(group.leave(), /left for real/);
  await assert.rejects(group.recoverFromOffsetOutOfRange(outOfRange), /jumped for real/);
});
