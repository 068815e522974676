/** Settings of a real topic: one is changed, and what was not named stays. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openTestCluster, type TestCluster } from "../testing/int-test-cluster.ts";

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
});
after(() => cluster?.close());

const timeout = 60_000;

test("kafka admin: changes one of two overrides and keeps the other, and resets one by name", { timeout }, async () => {
  const config = { "retention.ms": "3600000", "segment.ms": "600000" };
  const topic = await cluster.createTopic(2, { config });
  const described = async () => (await cluster.admin.describeTopics([topic])).get(topic) ?? assert.fail();
  assert.deepEqual((await described()).overrides, config);
  await cluster.admin.alterSettings(topic, { set: { "retention.ms": "7200000" }, reset: [] });
  assert.deepEqual((await described()).overrides, { ...config, "retention.ms": "7200000" });
  await cluster.admin.alterSettings(topic, { set: { "cleanup.policy": "compact" }, reset: ["segment.ms"] });
  const { partitions, overrides, effective } = await described();
  assert.deepEqual([partitions, overrides], [2, { "retention.ms": "7200000", "cleanup.policy": "compact" }]);
  assert.equal(effective["cleanup.policy"], "compact");
  assert.equal(effective["compression.type"], "producer");
});

test("kafka admin: says what the broker refuses when a setting is none", { timeout }, async () => {
  const topic = await cluster.createTopic(1);
  const none = cluster.admin.alterSettings(topic, { set: { "retention.ms": "soon" }, reset: [] });
  await assert.rejects(none, { code: "SETTING_REFUSED", message: new RegExp(topic) });
});

test("kafka admin: leaves out topics that do not exist, and adds partitions once", { timeout }, async () => {
  const topic = await cluster.createTopic(1);
  assert.deepEqual([...(await cluster.admin.describeTopics([topic, "no-such-topic"])).keys()], [topic]);
  await cluster.admin.addPartitions(topic, 3);
  await cluster.admin.addPartitions(topic, 3);
  await cluster.admin.ensureTopics([{ name: topic, partitions: 3 }]);
  assert.equal((await cluster.admin.describeTopics([topic])).get(topic)?.partitions, 3);
});

test("kafka admin: counts the records a shorter retention would remove", { timeout }, async () => {
  const topic = await cluster.createTopic(2, { config: { "message.timestamp.type": "LogAppendTime" } });
  const records = Array.from({ length: 5 }, () => ({ key: null, value: Buffer.from("x") }));
  await cluster.log().append({ topic, partition: 1 }, records);
  assert.equal(await cluster.admin.countRecordsBefore(topic, Date.now() + 3_600_000), 5n);
  assert.equal(await cluster.admin.countRecordsBefore(topic, Date.now() - 3_600_000), 0n);
  assert.equal(await cluster.admin.clusterId(), await cluster.admin.clusterId());
});
