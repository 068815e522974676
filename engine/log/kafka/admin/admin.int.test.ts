/** Administration of a real cluster. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { ContractMember } from "../../testing/log-contract-member.ts";
import { kafkaAdmin } from "./admin.ts";
import { openTestCluster, type TestCluster } from "../testing/int-test-cluster.ts";

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
});
after(() => cluster?.close());

const timeout = 60_000;

test("kafka admin: makes missing topics, again without effect, and names one of another partition count", {
  timeout,
}, async () => {
  const name = await cluster.createTopic(3, { config: { "retention.ms": "3600000" } });
  await cluster.admin.ensureTopics([{ name, partitions: 3 }]);
  assert.deepEqual(await cluster.admin.partitionCounts([name, "no-such-topic"]), new Map([[name, 3]]));
  const message = new RegExp(`topic ${name} has 3 partitions, declared are 4`);
  await assert.rejects(cluster.admin.ensureTopics([{ name, partitions: 4 }]), { code: "TOPIC_PARTITIONS", message });
});

test("kafka admin: makes one topic of several when the others exist", { timeout }, async () => {
  const existing = await cluster.createTopic(1);
  const missing = `test-${randomUUID()}`;
  await Promise.all([
    cluster.admin.ensureTopics([
      { name: existing, partitions: 1 },
      { name: missing, partitions: 2 },
    ]),
    cluster.admin.ensureTopics([{ name: missing, partitions: 2 }]),
  ]);
  assert.deepEqual(await cluster.admin.partitionCounts([missing]), new Map([[missing, 2]]));
  await cluster.admin.deleteTopics([missing, "no-such-topic"]);
});

test("kafka admin: tells a topic's ends, what a group has committed, and who is in it", { timeout }, async () => {
  const topic = await cluster.createTopic(2);
  const log = cluster.log();
  const groupId = randomUUID();
  await log.append({ topic, partition: 1 }, [{ key: null, value: Buffer.from([1, 2, 3]) }]);
  assert.deepEqual(await cluster.admin.endOffsets(topic), [0n, 1n]);
  assert.deepEqual(await cluster.admin.startOffsets(topic), [0n, 0n]);
  assert.deepEqual(await cluster.admin.offsetsAt(topic, 1), [0n, 0n]);
  assert.deepEqual(await cluster.admin.offsetsAt(topic, Date.now() + 3_600_000), [0n, 1n]);
  assert.deepEqual(await cluster.admin.committedOffsets(groupId, topic), [undefined, undefined]);
  const member = new ContractMember({});
  await member.subscribe(log, groupId, [topic]);
  await member.until(() => member.count("records") === 1);
  await member.subscription.commit([{ topic, partition: 1, offset: 1n }]);
  assert.deepEqual(await cluster.admin.committedOffsets(groupId, topic), [undefined, 1n]);
  const { state, members } = await cluster.admin.describeGroup(groupId);
  assert.deepEqual([state, members.map(({ topics }) => topics)], ["Stable", [[topic]]]);
  await member.subscription.stop();
  assert.equal((await cluster.admin.describeGroup(groupId)).state, "Empty");
});

test("kafka admin: reads ranges of a topic, and passes over what is not there", { timeout }, async () => {
  const topic = await cluster.createTopic(2);
  const log = cluster.log();
  const records = Array.from({ length: 10 }, (_, n) => ({ key: null, value: Buffer.from([n]) }));
  await log.append({ topic, partition: 1 }, records);
  await cluster.admin.deleteRecords({ topic, partition: 1, offset: 2n });
  const ranges = [
    { partition: 0, from: 0n, end: 5n },
    { partition: 1, from: 0n, end: 4n },
    { partition: 1, from: 8n, end: 99n },
    { partition: 7, from: 0n, end: 1n },
  ];
  const seen: number[] = [];
  await cluster.admin.readRanges(topic, ranges, (partition, found) => {
    assert.equal(partition, 1);
    for (const { value } of found) seen.push(value?.[0] ?? -1);
  });
  assert.deepEqual(seen, [2, 3, 8, 9]);
});

test("kafka admin: says which topic is missing", { timeout }, async () => {
  await assert.rejects(cluster.admin.offsetsAt("no-such-topic", 1), { code: "TOPIC_MISSING" });
  await assert.rejects(cluster.admin.endOffsets("no-such-topic"), { code: "TOPIC_MISSING", message: /no-such-topic/ });
});

test("kafka admin: reads a whole topic in order, in many batches, and makes no group", { timeout }, async () => {
  const topic = await cluster.createTopic(3);
  const log = cluster.log();
  const perPartition = 12_000;
  for (let partition = 0; partition < 2; partition += 1) {
    for (let from = 0; from < perPartition; from += 2_000) {
      const records = Array.from({ length: 2_000 }, (_, index) => ({
        key: null,
        value: Buffer.from(`${from + index}`.padEnd(150)),
      }));
      await log.append({ topic, partition }, records);
    }
  }
  const counts = [0, 0, 0];
  let batches = 0;
  await cluster.admin.readTopic(topic, async (partition, records) => {
    batches += 1;
    await new Promise((resolve) => setImmediate(resolve));
    for (const { offset, value } of records) {
      assert.equal(offset, BigInt(counts[partition] ?? -1));
      assert.equal(Number(value), counts[partition]);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
  });
  assert.deepEqual(counts, [perPartition, perPartition, 0]);
  assert.ok(batches > 2);
});

test("kafka admin: passes on what the reader of a topic throws", { timeout }, async () => {
  const topic = await cluster.createTopic(1);
  await cluster.log().append({ topic, partition: 0 }, [{ key: null, value: null }]);
  const reading = cluster.admin.readTopic(topic, () => {
    throw new TypeError("a reader's bug");
  });
  await assert.rejects(reading, /a reader's bug/);
});

test("kafka admin: is unavailable when no broker answers", { timeout }, async () => {
  const admin = await kafkaAdmin({ brokers: ["127.0.0.1:1"], clientId: "t" });
  await assert.rejects(admin.endOffsets("t"), { code: "UNAVAILABLE" });
});

test("kafka admin: shows brokers, who has a partition, where it ends, and where a group is", { timeout }, async () => {
  const topic = await cluster.createTopic(2);
  const log = cluster.log();
  const groupId = randomUUID();
  await log.append({ topic, partition: 1 }, [{ key: null, value: Buffer.from([1]) }]);
  const member = new ContractMember({});
  await member.subscribe(log, groupId, [topic]);
  await member.until(() => member.recordsOf({ topic, partition: 1 }).length === 1);
  await member.subscription.commit([{ topic, partition: 1, offset: 1n }]);
  const overview = await cluster.admin.overview({ maxTopics: 10_000, maxGroups: 10_000 });
  assert.equal(overview.brokers.length, cluster.brokers.length);
  assert.ok(overview.brokers.every(({ address }) => /^\S+:\d+$/.test(address)));
  const partitions = overview.topics.get(topic) ?? [];
  assert.deepEqual(partitions.map(({ partition }) => partition).toSorted(), [0, 1]);
  assert.ok(partitions.every(({ leader, replicas, inSync }) => replicas.includes(leader) && inSync.includes(leader)));
  assert.deepEqual(overview.offsets.get(`${topic}/1`), { oldest: 0n, end: 1n });
  const group = overview.groups.get(groupId);
  assert.deepEqual([group?.members, group?.committed.get(topic)], [1, new Map([[1, 1n]])]);
  const bounded = await cluster.admin.overview({ maxTopics: 1, maxGroups: 0 });
  assert.deepEqual([bounded.topics.size, bounded.groups.size], [1, 0]);
  assert.ok(bounded.leftOut.topics >= 1 && bounded.leftOut.groups >= 1);
  await member.subscription.stop();
});
