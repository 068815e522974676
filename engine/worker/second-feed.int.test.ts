/** The second feed on real brokers: what is put on the retry topic is decided, and a group may mix releases with and without it. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { record, string } from "../avro/avro.ts";
import { createCodec } from "../avro/codec.ts";
import { topic } from "../avro/topic.ts";
import { systemClock } from "../clock.ts";
import { Retriable } from "../errors.ts";
import { defineTopology, from } from "../flow/dsl.ts";
import { defineProcessor } from "../flow/processor.ts";
import { openTestCluster } from "../log/kafka/testing/int-test-cluster.ts";
import { olderMember } from "../log/kafka/testing/older-member.ts";
import type { Log, LogRecord } from "../log/log.ts";
import { accumulatorDefaults, createAccumulator, loadPartitionCounts } from "../log/producer/accumulator.ts";
import { silentLogger } from "../logger.ts";
import { unfenced } from "./partition/lease-guard.ts";
import { deadLetterTopic } from "./round/dead-letter.ts";
import { earlierOf } from "./round/letter-headers.ts";
import { retryTopic, toRetryRecord } from "./round/retry-record.ts";
import { noTelemetry } from "./telemetry.ts";
import { startWorker, type Worker } from "./worker.ts";

const partitions = 4;
const Text = record("test.v1.SecondFeed", { text: string() });
const codec = createCodec({
  source: { schemaOf: async (id: number) => (id === 1 ? Text.avro : undefined), idOf: async () => 1 },
  now: () => performance.now(),
});
const cluster = await openTestCluster();
const running: Worker[] = [];
after(async () => {
  await Promise.all(running.map((worker) => worker.stop()));
  await cluster.close();
});

/** A topology of its own whose step fails while it is broken, with its topics. */
const prepare = async () => {
  const name = `feed-${randomUUID()}`;
  const source = topic(await cluster.createTopic(partitions), Text, {
    key: "text",
    id: ({ text }) => text,
    partitions,
  });
  const state = { isBroken: true, seen: new Map<string, number>() };
  const remember = defineProcessor({
    name: "remember",
    compensatable: [],
    run: async ({ text }: { readonly text: string }): Promise<{ readonly kind: "seen" }> => {
      if (state.isBroken) throw new Retriable("BROKEN", "a bug");
      state.seen.set(text, (state.seen.get(text) ?? 0) + 1);
      return { kind: "seen" };
    },
  });
  const topology = defineTopology(
    name,
    from(source, (stream) => stream.step(remember).drop("seen")),
  );
  const [letters, retries] = [deadLetterTopic(name), retryTopic(name)];
  await cluster.admin.ensureTopics([
    { name: letters, partitions },
    { name: retries, partitions },
  ]);
  const groupId = `${name}.group`;
  const send = async (text: string, partition: number): Promise<void> => {
    const encode = await codec.encoder(source);
    await writer.append({ topic: source.name, partition }, [{ key: Buffer.from(text), value: encode({ text }) }]);
  };
  const writer = cluster.log();
  const lettersNow = async (): Promise<readonly LogRecord[]> => {
    const found: LogRecord[] = [];
    await cluster.admin.readTopic(letters, (_partition, records) => void found.push(...records));
    return found;
  };
  const replay = async (letter: LogRecord): Promise<void> => {
    const { origin } = earlierOf(letter.headers) ?? assert.fail("no letter of ours");
    await writer.append({ topic: retries, partition: origin.partition }, [toRetryRecord(letter, "job-1")]);
  };
  const committed = (of: string, partition: number) => cluster.committed(groupId, { topic: of, partition });
  const start = async (): Promise<Worker> => {
    const worker = await workerOf(topology, groupId, cluster.log());
    running.push(worker);
    return worker;
  };
  return { source, retries, groupId, state, send, lettersNow, replay, committed, start };
};

const workerOf = async (
  topology: Parameters<typeof startWorker<object>>[0]["topology"],
  groupId: string,
  log: Log,
): Promise<Worker> => {
  const common = { clock: systemClock, random: Math.random, backoff: { initialMs: 1, maxMs: 5 }, logger: silentLogger };
  const partitionCounts = await loadPartitionCounts(log, [deadLetterTopic(topology.graph.name)]);
  const bounds = {
    maxRound: 100,
    maxRoundBytes: 1_000_000,
    concurrency: 2,
    laneConcurrency: 4,
    maxRecords: 1_000,
    maxBytes: 1_000_000,
  };
  return startWorker({
    ...common,
    ...{ topology, deps: () => ({}), leases: unfenced, name: "w", log, codec, groupId },
    producer: createAccumulator({ ...accumulatorDefaults, ...common, writer: log, partitionCounts }),
    limits: { ...bounds, processMaxRecords: 6_000, processMaxBytes: 6_000_000 },
    maxAttempts: 3,
    readinessPolicy: { graceMs: 0, optionalDependencies: [] },
    flood: { windowRecords: 1_000, minRecords: 100, maxShare: 1 },
    stall: { unreadyMs: 30_000, endMs: 120_000 },
    commitIntervalMs: 50,
    telemetry: noTelemetry,
  });
};

const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (const endsAt = Date.now() + 60_000; ; await sleep(20)) {
    if (await holds()) return;
    if (Date.now() > endsAt) throw new Error(`never came to be: ${what}`);
  }
};

test("second feed: decides a letter that is put on the retry topic, and tells of its attempts when it fails again", async () => {
  const { source, retries, state, send, lettersNow, replay, committed, start } = await prepare();
  await send("a", 2);
  await start();
  await until("there is a letter", async () => (await lettersNow()).length === 1);
  await replay((await lettersNow())[0] ?? assert.fail());
  await until("it failed again", async () => (await lettersNow()).length === 2);
  const both = (await lettersNow())
    .map(({ headers }) => earlierOf(headers))
    .toSorted((a, b) => (a?.attempt ?? 0) - (b?.attempt ?? 0));
  assert.deepEqual(
    both.map((one) => [one?.attempt, one?.origin.topic, one?.origin.offset, one?.job]),
    [
      [1, source.name, 0n, undefined],
      [2, source.name, 0n, "job-1"],
    ],
  );
  state.isBroken = false;
  for (const letter of await lettersNow()) if (earlierOf(letter.headers)?.attempt === 2) await replay(letter);
  await until("both replays are committed", async () => (await committed(retries, 2)) === 2n);
  assert.deepEqual([...state.seen], [["a", 1]]);
  assert.equal(await committed(source.name, 2), 1n);
  assert.equal((await lettersNow()).length, 2);
});

for (const first of ["older", "newer"] as const)
  test(`second feed: leaves a replay alone until its source is here when the ${first} release leads the group`, async () => {
    const { source, retries, groupId, state, send, lettersNow, replay, committed, start } = await prepare();
    for (let partition = 0; partition < partitions; partition += 1) await send(`p${partition}`, partition);
    const before = await start();
    await until("there are letters", async () => (await lettersNow()).length === partitions);
    await until("all is committed", async () => (await committed(source.name, 3)) === 1n);
    await before.stop();
    state.isBroken = false;
    const startOlder = async () => {
      const older = await olderMember({ brokers: cluster.brokers, groupId, topic: source.name });
      await until("the older one is in", () => older.assigned().length > 0);
      return older;
    };
    const leading = first === "older" ? await startOlder() : undefined;
    const newer = await start();
    if (leading === undefined) await until("the newer one leads", () => newer.status().size === partitions);
    const older = leading ?? (await startOlder());
    await until("both have their share", () => older.assigned().length === 2 && newer.status().size === 2);
    for (const letter of await lettersNow()) await replay(letter);
    const ends = () => Promise.all([0, 1, 2, 3].map((partition) => committed(retries, partition)));
    const others = older.assigned();
    if (first === "newer")
      await until("those whose source is here are decided", async () =>
        (await ends()).every((offset, partition) => others.includes(partition) || offset === 1n),
      );
    assert.ok((await ends()).every((offset, partition) => !others.includes(partition) || offset === undefined));
    await older.stop();
    await until("all are decided when the older one has left", async () =>
      (await ends()).every((offset) => offset === 1n),
    );
    assert.deepEqual([...state.seen.values()], [1, 1, 1, 1]);
  });
