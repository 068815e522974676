/** A topology's dead letters in memory, with somebody who decides what is replayed, in time that passes by being waited for. */
import type { Clock } from "../../clock.ts";
import { MemoryBroker } from "../../log/memory/memory-log.ts";
import type { Headers, LogRecord, LogWriter } from "../../log/log.ts";
import { toDeadLetter } from "../../worker/round/dead-letter.ts";
import type { JobDocument, ReplayLimits } from "../jobs/job.ts";
import type { ReplayLock } from "../jobs/replays.ts";
import type { Letter } from "../letters/letter.ts";
import { packPlaces } from "../plan/ranges.ts";
import { readLetters, readStandings } from "../read/read-standings.ts";
import { type RunOutcome, type RunRequest, runReplay } from "../run/runner.ts";
import { type MemoryDlqCluster, memoryDlqCluster } from "./memory-dlq.ts";
import { type MemoryReplays, memoryReplays } from "./memory-replays.ts";

const partitions = 3;
const [source, letters, retries] = ["in", "shop.dlq", "shop.retry"];

/** What fails, and how fast it is decided. */
export interface DecidingWorker {
  fails: (record: LogRecord) => boolean;
  /** Retry records it decides between two waits of the clock; 0 while it is down. */
  speed: number;
}

/** Everything around a replay. */
export interface DlqWorld {
  readonly broker: MemoryBroker;
  readonly cluster: MemoryDlqCluster;
  readonly replays: MemoryReplays;
  readonly clock: Clock;
  readonly worker: DecidingWorker;
  readonly append: LogWriter["append"];
  /** Writes letters of records that were accepted now; answers them. */
  readonly addLetters: (
    count: number,
    over?: { readonly value?: Buffer; readonly headers?: Headers },
  ) => Promise<readonly Letter[]>;
  /** States of all attempts, counted: `{ open: 3 }`. */
  readonly states: () => Promise<Readonly<Record<string, number>>>;
  /** Every retry record. */
  readonly sent: () => readonly LogRecord[];
  /** Begins a job of these letters. */
  readonly begin: (of: readonly Letter[], limits?: Partial<ReplayLimits>) => Promise<RunningJob>;
  /** Runs it under the lock, as one process after another does. */
  readonly run: (
    job: RunningJob,
    over?: Partial<RunRequest>,
    ports?: { readonly append?: LogWriter["append"]; readonly onProve?: () => void },
  ) => Promise<RunOutcome>;
}

/** A job that was written down. */
export interface RunningJob {
  readonly id: string;
  readonly document: JobDocument;
  readonly letters: readonly Letter[];
}

/** The group of the topology `shop`, which reads `in`. */
export const worldOf = { topology: "shop", group: "g.shop" };
const limitsOf: ReplayLimits = {
  rate: 200,
  canary: 0,
  abortAtPercent: 100,
  maxLag: 10_000,
  maxAttempts: 3,
  wait: true,
};

/** An empty world. */
export const dlqWorld = async (): Promise<DlqWorld> => {
  let now = 1_000_000;
  let decide = async (): Promise<void> => {};
  const clock: Clock = {
    now: () => now,
    sleep: async (ms) => {
      await new Promise((resolve) => setImmediate(resolve));
      now += ms;
      await decide();
    },
  };
  const broker = new MemoryBroker({ clock: { ...clock, sleep: () => Promise.resolve() } });
  for (const topic of [source, letters, retries]) broker.createTopic(topic, partitions);
  const cluster = memoryDlqCluster(broker);
  const replays = memoryReplays();
  const log = broker.client("runner");
  const worker: DecidingWorker = { fails: () => false, speed: 1_000 };
  const committed = Array.from({ length: partitions }, () => 0n);
  const brokerCommitted = cluster.committedOffsets;
  cluster.committedOffsets = async (group, topic) =>
    topic === retries ? [...committed] : brokerCommitted(group, topic);
  // As a worker: the letter is acknowledged before the offset is finished.
  decide = async () => {
    for (let partition = 0, left = worker.speed; partition < partitions; partition += 1) {
      const at = { topic: retries, partition };
      for (const record of broker.records(at).slice(Number(committed[partition]))) {
        if (left-- <= 0) return;
        if (worker.fails(record)) await broker.client("worker").append(letterPlace(record), [failedAgain(record, now)]);
        committed[partition] = record.offset + 1n;
      }
    }
  };
  let added = 0;
  const world: DlqWorld = {
    broker,
    cluster,
    replays,
    clock,
    worker,
    append: log.append,
    addLetters: async (count, { value = Buffer.from("v"), headers = {} } = {}) => {
      for (let n = 0; n < count; n += 1, added += 1) {
        const from = { topic: source, partition: added % partitions };
        const record = { key: Buffer.from(`k${added}`), value, headers };
        await log.append(from, [record]);
        const offset = broker.endOffset(from) - 1n;
        await log.append({ topic: letters, partition: (added * 7) % partitions }, [
          toDeadLetter({ from, record: { ...record, offset, timestampMs: now }, failure }, provenance, now),
        ]);
      }
      return (await readLetters(cluster, letters)).letters.slice(-count);
    },
    states: async () => {
      const { standings } = await readStandings({ cluster, replays }, worldOf);
      const counts: Record<string, number> = {};
      for (const { state } of standings) counts[state] = (counts[state] ?? 0) + 1;
      return counts;
    },
    sent: () => committed.flatMap((_, partition) => broker.records({ topic: retries, partition })),
    begin: async (of, limits = {}) => {
      const id = `job-${(await replays.jobs("shop", 100)).length + 1}`;
      const document: JobDocument = {
        version: 1,
        selection: {},
        letters: packPlaces(of.map(({ place }) => place)),
        count: of.length,
        letterEnds: (await cluster.endOffsets(letters)).map(String),
        retryEnds: (await cluster.endOffsets(retries)).map(String),
        limits: { ...limitsOf, ...limits },
      };
      await underLock(replays, async (lock) => {
        const operation = await lock.begin({ actor: "a", host: "h", verb: "dlq replay", reason: "r", document: {} });
        await lock.create({ id, document, operation });
      });
      return { id, document, letters: of };
    },
    run: (job, over = {}, { append = log.append, onProve } = {}) =>
      underLock(replays, async (lock) => {
        const epoch = await lock.takeOver(job.id);
        const prove: ReplayLock["prove"] = (...of) => {
          onProve?.();
          return lock.prove(...of);
        };
        return runReplay(
          { cluster, append, clock, lock: { ...lock, prove } },
          { ...worldOf, job, letters: job.letters, epoch, sources: [source], patienceMs: 600_000, ...over },
        );
      }),
  };
  return world;
};

const underLock = async <T>(replays: MemoryReplays, work: (lock: ReplayLock) => Promise<T>): Promise<T> => {
  const done = await replays.locked("shop", 0, work);
  if (done === undefined) throw new RangeError("somebody else has the lock");
  return done.value;
};

const failure = { stage: "process", node: "check", error: new Error("no"), held: [] } as const;
const provenance = { groupId: worldOf.group, graphHash: "a".repeat(64) };
const letterPlace = (record: LogRecord) => ({ topic: letters, partition: Number(record.offset % BigInt(partitions)) });

const failedAgain = (record: LogRecord, now: number) =>
  toDeadLetter({ from: { topic: retries, partition: 0 }, record, failure, replayed: true }, provenance, now);
