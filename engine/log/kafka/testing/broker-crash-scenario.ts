/** A writer and a reader while their broker is killed and started again; for tests that own a broker. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { accumulatorDefaults, createAccumulator } from "../../producer/accumulator.ts";
import { systemClock } from "../../../clock.ts";
import { ContractMember } from "../../testing/log-contract-member.ts";
import { type Logger, silentLogger } from "../../../logger.ts";
import { kafkaAdmin } from "../admin/admin.ts";
import { kafkaLog } from "../kafka-log.ts";

/** A broker that can be killed. */
export interface MortalBroker {
  readonly brokers: readonly string[];
  /** Ends the broker's process without a warning (SIGKILL) and resolves when it is gone. */
  readonly kill: () => Promise<void>;
  /** Starts it again, same port and data, and resolves when it answers. */
  readonly start: () => Promise<void>;
  /** Default: silent. */
  readonly logger?: Logger;
}

/** What was seen. */
export interface CrashReport {
  readonly records: number;
  /** Records that are in the topic more than once. */
  readonly copies: number;
  /** From the broker's return to the last record read. */
  readonly caughtUpMs: number;
}

const partitions = 3;

/**
 * Writes without a pause while the broker is killed twice, with a member reading along.
 * @throws AssertionError when a call is not resolved, a record is lost, or one is out of order apart from copies.
 */
export const surviveBrokerCrashes = async ({
  brokers,
  kill,
  start,
  logger = silentLogger,
}: MortalBroker): Promise<CrashReport> => {
  const topic = `crash-${randomUUID()}`;
  const admin = await kafkaAdmin({ brokers, clientId: "crash-admin" });
  await admin.ensureTopics([{ name: topic, partitions }]);
  const log = kafkaLog({ brokers, clientId: "crash", logger });
  const member = new ContractMember({});
  try {
    await member.subscribe(log, randomUUID(), [topic]);
    await member.until(() => member.count("assigned") === 1);
    const writing = writeUntil(topic, log);
    for (let crash = 0; crash < 2; crash += 1) {
      await sleep(1_000);
      await kill();
      await sleep(1_000);
      await start();
    }
    const backAt = performance.now();
    await sleep(1_000);
    const expected = await writing.stop();
    const report = check(await readBack(admin, topic), expected);
    await member.until(() => hasRead(member, topic, expected));
    return { ...report, caughtUpMs: performance.now() - backAt };
  } finally {
    await log.close();
    await admin.deleteTopics([topic]);
  }
};

const writeUntil = (topic: string, log: ReturnType<typeof kafkaLog>) => {
  const producer = createAccumulator({
    ...accumulatorDefaults,
    writer: log,
    partitionCounts: new Map(),
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
  });
  const expected: string[][] = Array.from({ length: partitions }, () => []);
  const calls: Promise<unknown>[] = [];
  let stopped = false;
  const write = async (): Promise<void> => {
    for (let index = 0; !stopped; index += 1) {
      const partition = index % partitions;
      const text = String(index);
      expected[partition]?.push(text);
      calls.push(producer.produce({ topic, partition }, [{ key: null, value: Buffer.from(text) }]));
      await sleep(1);
    }
  };
  const written = write();
  return {
    /** Ends the writing; resolves with what was written when all of it has been acknowledged. */
    stop: async (): Promise<readonly (readonly string[])[]> => {
      stopped = true;
      await written;
      await Promise.all(calls);
      await producer.close();
      return expected;
    },
  };
};

type Texts = readonly (readonly string[])[];

const readBack = async (admin: Awaited<ReturnType<typeof kafkaAdmin>>, topic: string): Promise<Texts> => {
  const read: string[][] = Array.from({ length: partitions }, () => []);
  await admin.readTopic(topic, (partition, records) => {
    for (const { value } of records) read[partition]?.push(String(value));
  });
  return read;
};

const check = (read: Texts, expected: Texts): Pick<CrashReport, "records" | "copies"> => {
  assert.deepEqual(
    read.map((texts) => [...new Set(texts)]),
    expected,
    "every record is there, in order apart from copies",
  );
  const records = expected.flat().length;
  return { records, copies: read.flat().length - records };
};

/** A member that had to join again reads from the group's offset, here the start: so its last assignment has it all. */
const hasRead = (member: ContractMember, topic: string, expected: Texts): boolean =>
  expected.every((texts, partition) => {
    const seen = new Set(member.recordsOf({ topic, partition }).map(({ value }) => String(value)));
    return texts.every((text) => seen.has(text));
  });
