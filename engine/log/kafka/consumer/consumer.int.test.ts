/** What only a real group shows: slow members, crashes, joins without an event, offsets that are gone. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { type Log, partitionName, type TopicPartition } from "../../log.ts";
import { ContractMember, isOutOfRange, isSame, type MemberOptions } from "../../testing/log-contract-member.ts";
import { type Logger, silentLogger } from "../../../logger.ts";
import { createClient, withAdmin } from "../client.ts";
import { faultySockets, openTestCluster, type TestCluster } from "../testing/int-test-cluster.ts";
import { settingsOf } from "../options.ts";

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
});
after(() => cluster?.close());

const timeout = 60_000;
/** The shortest session that a broker allows by default. */
const shortSession = { sessionTimeoutMs: 6_000, drainBudgetMs: 5_500 };

const topicOf = async (partitions: number): Promise<TopicPartition> => ({
  topic: await cluster.createTopic(partitions),
  partition: 0,
});
const subscribed = async (log: Log, to: TopicPartition, options: MemberOptions & { groupId?: string } = {}) => {
  const member = new ContractMember(options);
  await member.subscribe(log, options.groupId ?? randomUUID(), [to.topic]);
  return member;
};
const values = (...texts: readonly string[]) => texts.map((text) => ({ key: null, value: Buffer.from(text) }));
const textsOf = (member: ContractMember, at: TopicPartition) => member.recordsOf(at).map(({ value }) => String(value));
/** Collects what is logged. */
const listeningLogger = () => {
  const texts: string[] = [];
  const line = (_: unknown, text: string): unknown => texts.push(text);
  const logger: Logger = { debug: line, info: line, warn: line, error: line };
  return { logger, texts };
};

test("kafka consumer: keeps its membership when a fetch hangs for longer than the session", { timeout }, async () => {
  const at = await topicOf(1);
  const sockets = faultySockets();
  const log = cluster.log({
    ...shortSession,
    heartbeatMs: 500,
    requestTimeoutMs: 8_000,
    socketFactory: sockets.factory,
  });
  const member = await subscribed(log, at);
  await log.append(at, values("a"));
  await member.until(() => member.recordsOf(at).length === 1);
  // kafkajs fetches over a connection of its own, and sends no heartbeat while a fetch is under way.
  sockets.newest().pause();
  await sleep(9_500);
  await member.subscription.commit([{ ...at, offset: 1n }]);
  await log.append(at, values("b"));
  await member.until(() => member.recordsOf(at).length === 2);
  assert.deepEqual([member.count("assigned"), member.count("revoking")], [1, 0]);
});

test("kafka consumer: keeps its membership when everything is paused for longer than the session", {
  timeout,
}, async () => {
  const at = await topicOf(1);
  const log = cluster.log({ ...shortSession, heartbeatMs: 500 });
  const member = await subscribed(log, at);
  await member.until(() => member.count("assigned") === 1);
  member.subscription.pause(at);
  await log.append(at, values("a"));
  await sleep(7_500);
  await member.subscription.commit([{ ...at, offset: 0n }]);
  member.subscription.resume(at);
  await member.until(() => member.recordsOf(at).length === 1);
  assert.deepEqual([member.count("assigned"), member.count("revoking")], [1, 0]);
});

test("kafka consumer: is rebuilt, and goes on as the same member, when its broker was away", { timeout }, async () => {
  const at = await topicOf(1);
  const groupId = randomUUID();
  const writer = cluster.log();
  const sockets = faultySockets();
  const { logger, texts } = listeningLogger();
  const log = cluster.log({ socketFactory: sockets.factory, logger });
  const member = await subscribed(log, at, { groupId });
  await writer.append(at, values("a"));
  await member.until(() => member.recordsOf(at).length === 1);
  await member.subscription.commit([{ ...at, offset: 1n }]);
  const before = (await cluster.admin.describeGroup(groupId)).members;
  sockets.setDown(true);
  while (!texts.includes("the consumer crashed and is rebuilt")) await sleep(20);
  await assert.rejects(member.subscription.commit([{ ...at, offset: 1n }]), { code: "COMMIT_REFUSED" });
  await writer.append(at, values("b"));
  await sleep(500);
  sockets.setDown(false);
  await member.until(() => member.count("assigned") === 2 && member.recordsOf(at).length === 1);
  assert.deepEqual(textsOf(member, at), ["b"]);
  assert.deepEqual(
    member.told.map(({ kind }) => kind).filter((kind) => kind !== "records"),
    ["assigned", "revoking", "revoked", "assigned"],
  );
  assert.deepEqual((await cluster.admin.describeGroup(groupId)).members, before);
});

test("kafka consumer: goes on without a word when its connections are cut", { timeout }, async () => {
  const at = await topicOf(1);
  const sockets = faultySockets();
  const writer = cluster.log();
  const member = await subscribed(cluster.log({ socketFactory: sockets.factory }), at);
  const texts = Array.from({ length: 30 }, (_, index) => String(index));
  for (const [index, text] of texts.entries()) {
    await writer.append(at, values(text));
    await member.until(() => member.recordsOf(at).length > index);
    if (index % 5 === 0) sockets.cut();
  }
  assert.deepEqual(textsOf(member, at), texts);
  assert.equal(member.count("failed"), 0);
});

test("kafka consumer: revokes before a join of which kafkajs tells nobody, and is assigned new partitions", {
  timeout,
}, async () => {
  const at = await topicOf(1);
  const member = await subscribed(cluster.log({ metadataMaxAgeMs: 300 }), at);
  await member.until(() => member.assigned?.length === 1);
  const settings = settingsOf({ brokers: cluster.brokers, clientId: "t", logger: listeningLogger().logger });
  await withAdmin(settings, (admin) => admin.createPartitions({ topicPartitions: [{ topic: at.topic, count: 3 }] }));
  await member.until(() => member.assigned?.length === 3);
  // With several brokers, each is asked for its part: the new partitions may be noticed one join after another.
  assert.deepEqual(member.told.map(({ kind }) => kind).slice(0, 4), ["assigned", "revoking", "revoked", "assigned"]);
});

test("kafka consumer: fails, and skips nothing, when the committed offset has been deleted", { timeout }, async () => {
  const at = await topicOf(2);
  const groupId = randomUUID();
  const log = cluster.log();
  await log.append(at, values("a", "b", "c", "d", "e"));
  const first = await subscribed(log, at, { groupId });
  await first.until(() => first.recordsOf(at).length === 5);
  await first.subscription.commit([{ ...at, offset: 2n }]);
  await first.subscription.stop();
  await cluster.admin.deleteRecords({ ...at, offset: 4n });
  const second = await subscribed(log, at, { groupId });
  await second.until(() => second.count("failed") === 1);
  const failure = second.told.find((one) => one.kind === "failed");
  assert.ok(isOutOfRange(failure?.error));
  assert.ok(failure?.error.message.includes(`${at.topic}/0: its next offset is 2, the log has 4 up to 5`));
  assert.deepEqual(textsOf(second, at), []);
  await second.subscription.stop();
  assert.equal(await cluster.committed(groupId, at), 2n);
});

test("kafka consumer: starts where the log does when nothing was committed", { timeout }, async () => {
  const at = await topicOf(1);
  const log = cluster.log();
  await log.append(at, values("a", "b", "c"));
  await cluster.admin.deleteRecords({ ...at, offset: 2n });
  const member = await subscribed(log, at);
  await member.until(() => member.recordsOf(at).length === 1);
  assert.deepEqual(textsOf(member, at), ["c"]);
});

test("kafka consumer: a member that is still waiting to join is stopped in order", { timeout }, async () => {
  const at = await topicOf(2);
  const groupId = randomUUID();
  const gate = Promise.withResolvers<void>();
  const first = await subscribed(cluster.log(), at, { groupId, onRevoking: () => gate.promise });
  await first.until(() => first.count("assigned") === 1);
  const second = await subscribed(cluster.log(), at, { groupId });
  await first.until(() => first.count("revoking") === 1);
  const stopping = second.subscription.stop();
  gate.resolve();
  await stopping;
  await first.until(() => first.told.at(-1)?.kind === "assigned" && first.assigned?.length === 2);
  assert.equal(second.count("assigned"), 0);
});

test("kafka consumer: a member that waits to join for too long is stopped all the same", { timeout }, async () => {
  const at = await topicOf(2);
  const groupId = randomUUID();
  const gate = Promise.withResolvers<void>();
  const first = await subscribed(cluster.log(), at, { groupId, onRevoking: () => gate.promise });
  await first.until(() => first.count("assigned") === 1);
  const second = await subscribed(cluster.log({ drainBudgetMs: 300 }), at, { groupId });
  await first.until(() => first.count("revoking") === 1);
  await second.subscription.stop();
  assert.equal(first.count("revoked"), 0);
  gate.resolve();
});

test("kafka consumer: three members share a topic without a gap while they come and go", { timeout }, async () => {
  const partitions = 6;
  const { topic } = await topicOf(partitions);
  const groupId = randomUUID();
  const seen = new Map<string, number>();
  const writer = cluster.log();
  const total = 60;
  const write = async (): Promise<void> => {
    for (let index = 0; index < total; index += 1) {
      await Promise.all(
        Array.from({ length: partitions }, (_, partition) =>
          writer.append({ topic, partition }, values(`${partition}:${index}`)),
        ),
      );
      await sleep(30);
    }
  };
  const next = new Map<number, bigint>();
  const options: MemberOptions & { groupId: string } = {
    groupId,
    onRecords: (_, from, records) => {
      for (const { value } of records) seen.set(String(value), (seen.get(String(value)) ?? 0) + 1);
      next.set(from.partition, (records.at(-1)?.offset ?? -1n) + 1n);
    },
    onRevoking: async (self) => {
      const own = (self.assigned ?? []).flatMap((at) =>
        self
          .recordsOf(at)
          .slice(-1)
          .map(({ offset }) => ({ ...at, offset: offset + 1n })),
      );
      await self.subscription.commit(own);
    },
  };
  const writing = write();
  const members = [await subscribed(cluster.log(), { topic, partition: 0 }, options)];
  for (let turn = 0; turn < 3; turn += 1) {
    members.push(await subscribed(cluster.log(), { topic, partition: 0 }, options));
    await members.at(-1)?.until((self) => (self.assigned?.length ?? 0) > 0);
    if (turn === 1) await members.shift()?.subscription.stop();
  }
  await writing;
  while (seen.size < total * partitions) await sleep(20);
  const copies = [...seen.values()].filter((times) => times > 1).length;
  assert.equal(copies, 0, "every hand-over was drained and committed, so nothing is read twice");
  const owned = members.flatMap(({ assigned }) => assigned ?? []);
  assert.ok(owned.every((one, index) => owned.findIndex((other) => isSame(one, other)) === index));
});

test("kafka consumer: stands at the end when what is left are markers, aborted records and open transactions", {
  timeout,
}, async () => {
  const at = await topicOf(1);
  const { brokers } = cluster;
  const client = createClient(settingsOf({ brokers, clientId: "transactions", logger: silentLogger }));
  const producer = client.kafka.producer({ transactionalId: randomUUID(), idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const write = async (...texts: readonly string[]) => {
    const transaction = await producer.transaction();
    await transaction.send({ topic: at.topic, messages: texts.map((value) => ({ value, partition: at.partition })) });
    return transaction;
  };
  await (await write("a")).commit();
  await (await write("b", "c", "d")).abort();
  const member = await subscribed(cluster.log(), at);
  const position = async () => (await member.subscription.positions()).get(partitionName(at));
  await member.until(() => member.recordsOf(at).length === 1);
  // One record, its marker, three aborted ones, their marker.
  const whole = { next: 6n, end: 6n };
  while (!isDeepStrictEqual(await position(), whole)) await sleep(50);
  const open = await write("e");
  assert.deepEqual(await position(), whole);
  await open.commit();
  await member.until(() => member.recordsOf(at).length === 2);
  while (!isDeepStrictEqual(await position(), { next: 8n, end: 8n })) await sleep(50);
  assert.deepEqual(textsOf(member, at), ["a", "e"]);
  await member.subscription.stop();
  await producer.disconnect();
  client.destroySockets();
});
