/** Grouping a send by partition: routed sends are not looked at, others are grouped in order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { requireKafkajs } from "../kafkajs.ts";
import { groupMessagesPatch, routeTo } from "./group-messages.ts";

const partitionMetadata = [
  { partitionId: 0, leader: 1, isr: [1], replicas: [1], partitionErrorCode: 0 },
  { partitionId: 1, leader: 1, isr: [1], replicas: [1], partitionErrorCode: 0 },
];
const grouper = () => requireKafkajs([groupMessagesPatch])("src/producer/groupMessagesPerPartition.js");

test("group messages: hands a routed array over as it is", () => {
  const messages = [{ value: Buffer.from("a") }, { value: Buffer.from("b") }];
  routeTo(1, messages);
  const partitioner = () => assert.fail("a routed send needs no partitioner");
  const groups = grouper()({ topic: "t", partitionMetadata, messages, partitioner });
  assert.deepEqual(Object.keys(groups), ["1"]);
  assert.equal(groups[1], messages);
});

test("group messages: keeps the order within a partition when the send is not routed", () => {
  const messages = Array.from({ length: 6 }, (_, at) => ({ value: String(at) }));
  const groups = grouper()({
    topic: "t",
    partitionMetadata,
    messages,
    partitioner: ({ message }) => Number(message.value) % 2,
  });
  assert.deepEqual(
    [groups[0], groups[1]].map((group) => group?.map(({ value }) => value)),
    [
      ["0", "2", "4"],
      ["1", "3", "5"],
    ],
  );
});

test("group messages: groups nothing when the topic has no partitions", () => {
  const groups = grouper()({ topic: "t", partitionMetadata: [], messages: [{ value: "a" }], partitioner: () => 0 });
  assert.deepEqual(groups, {});
});
