/** Writing to a real broker over connections that break: nothing is lost, order is kept apart from copies. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, test } from "node:test";
import { accumulatorDefaults, createAccumulator } from "../producer/accumulator.ts";
import { systemClock } from "../../clock.ts";
import { silentLogger } from "../../logger.ts";
import type { Log } from "../log.ts";
import { faultySockets, openTestCluster, type TestCluster } from "./testing/int-test-cluster.ts";

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
});
after(() => cluster?.close());

const timeout = 60_000;
const producerOn = (log: Log) =>
  createAccumulator({
    ...accumulatorDefaults,
    backoff: { initialMs: 20, maxMs: 200 },
    writer: log,
    partitionCounts: new Map(),
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
  });

/** The values of each partition in offset order. */
const readAll = async (topic: string, partitions: number): Promise<readonly (readonly string[])[]> => {
  const read: string[][] = Array.from({ length: partitions }, () => []);
  await cluster.admin.readTopic(topic, (partition, records) => {
    for (const { value } of records) read[partition]?.push(String(value));
  });
  return read;
};
/** What is where first: later copies of a record are left out, as readers that know records by id do. */
const firsts = (texts: readonly string[]): readonly string[] => [...new Set(texts)];

test("kafka writer: says what to run when it is asked about a topic that is not there", { timeout }, async () => {
  const asked = cluster.log().partitionCount("no-such-topic");
  await assert.rejects(asked, /topic no-such-topic does not exist; run: sluice topology apply/);
});

for (const idempotent of [true, false]) {
  const name = idempotent ? "an idempotent producer" : "a plain producer";
  test(`kafka writer: ${name} loses nothing and keeps order when connections are cut while it sends`, {
    timeout,
  }, async () => {
    const partitions = 3;
    const topic = await cluster.createTopic(partitions);
    const sockets = faultySockets();
    const producer = producerOn(cluster.log({ socketFactory: sockets.factory, idempotent }));
    const calls: Promise<unknown>[] = [];
    const expected: string[][] = Array.from({ length: partitions }, () => []);
    for (let index = 0; index < 300; index += 1) {
      const partition = index % partitions;
      const texts = [`${index}a`, `${index}b`];
      expected[partition]?.push(...texts);
      calls.push(
        producer.produce(
          { topic, partition },
          texts.map((text) => ({ key: null, value: Buffer.from(text) })),
        ),
      );
      if (index % 20 === 19) sockets.cut();
      if (index === 150) {
        sockets.setDown(true);
        setTimeout(() => sockets.setDown(false), 1_000);
      }
      if (index % 3 === 0) await sleep(2);
    }
    await Promise.all(calls);
    assert.deepEqual((await readAll(topic, partitions)).map(firsts), expected);
    await producer.close();
  });
}

test("kafka writer: writes again after its log was away from the start", { timeout }, async () => {
  const topic = await cluster.createTopic(1);
  const sockets = faultySockets();
  sockets.setDown(true);
  const log = cluster.log({ socketFactory: sockets.factory });
  await assert.rejects(log.append({ topic, partition: 0 }, [{ key: null, value: Buffer.from("a") }]), {
    code: "UNAVAILABLE",
  });
  sockets.setDown(false);
  await log.append({ topic, partition: 0 }, [{ key: null, value: Buffer.from("b") }]);
  assert.deepEqual(await readAll(topic, 1), [["b"]]);
});

test("kafka writer: connects anew when its connection hangs", { timeout }, async () => {
  const topic = await cluster.createTopic(1);
  const sockets = faultySockets();
  const log = cluster.log({ socketFactory: sockets.factory, requestTimeoutMs: 2_000 });
  const append = (text: string) => log.append({ topic, partition: 0 }, [{ key: null, value: Buffer.from(text) }]);
  await append("a");
  sockets.newest().pause();
  await append("b");
  assert.deepEqual((await readAll(topic, 1)).map(firsts), [["a", "b"]]);
});

test("kafka writer: throws its producer away when an append failed, and keeps it when a record was refused", async () => {
  const topic = await cluster.createTopic(1);
  const sockets = faultySockets();
  const log = cluster.log({ socketFactory: sockets.factory });
  const append = (partition: number, bytes: number) =>
    log.append({ topic, partition }, [{ key: null, value: Buffer.alloc(bytes) }]);
  await append(0, 1);
  const connected = sockets.made();
  await assert.rejects(append(0, 2_000_000), { code: "RECORD_TOO_LARGE" });
  await append(0, 1);
  assert.equal(sockets.made(), connected);
  await assert.rejects(append(7, 1), { code: "UNAVAILABLE" });
  await append(0, 1);
  assert.ok(sockets.made() > connected);
});

test("kafka writer: says that it is unknown when no broker has the partition", { timeout }, async () => {
  const topic = await cluster.createTopic(1);
  const log = cluster.log();
  const record = { key: null, value: Buffer.from("a") };
  await assert.rejects(log.append({ topic, partition: 7 }, [record]), { code: "UNAVAILABLE", message: /partition/ });
  await log.append({ topic, partition: 0 }, [record]);
});

test("kafka writer: isolates a record that is too large among others in one call", { timeout }, async () => {
  const topic = await cluster.createTopic(1);
  const producer = producerOn(cluster.log());
  const records = ["a", "b", "x".repeat(2_000_000), "c"].map((text) => ({ key: null, value: Buffer.from(text) }));
  await assert.rejects(producer.produce({ topic, partition: 0 }, records), {
    code: "RECORD_TOO_LARGE",
    recordIndexes: [2],
  });
  assert.deepEqual(await readAll(topic, 1), [["a", "b", "c"]]);
});

test("kafka writer: never sends what would only make the broker hang up", async () => {
  const topic = await cluster.createTopic(1);
  const huge = { key: null, value: Buffer.alloc(65 * 1_048_576) };
  await assert.rejects(cluster.log().append({ topic, partition: 0 }, [huge]), { code: "RECORD_TOO_LARGE" });
});

test("kafka writer: is unavailable after it was closed", async () => {
  const topic = await cluster.createTopic(1);
  const log = cluster.log();
  await log.close();
  await assert.rejects(log.append({ topic, partition: 0 }, [{ key: null, value: null }]), { code: "UNAVAILABLE" });
});
