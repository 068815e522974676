/**
 * The producer: collects what rounds and requests hand over, by partition, and appends everything queued in one go.
 * kafkajs has no batching of its own. One append is in flight per partition, which keeps the order; what queues up
 * behind it is the next batch, so there is no timer and no linger.
 */
import { dispositionOf, Fatal, PipelineError, Poison, Unavailable } from "../../errors.ts";
import { type BatchLimits, type Call, CallQueue, halve, type RecordBatch } from "./batch.ts";
import { partitionOfKey } from "./partitioner.ts";
import { type Backoff, backoffMs, type Clock, type Random } from "../../clock.ts";
import { type LogTrouble, type LogWriter, type NewRecord, type TopicPartition, partitionName } from "../log.ts";
import type { Logger } from "../../logger.ts";
import type { Producer } from "../producer.ts";

/** The producer takes nothing more, or was abandoned: whether pending records were written is then not known. */
export class ProducerClosed extends PipelineError {
  override readonly code = "PRODUCER_CLOSED";
  override readonly disposition = "fatal";
  constructor(what: string) {
    super(`the producer is closed: ${what}`);
  }
}

/** Some records of one call can never be written; all its others were. */
export class RecordsRefused extends Poison {
  /** Where they are in the call, ascending. */
  readonly recordIndexes: readonly number[];
  constructor(to: TopicPartition, recordIndexes: readonly number[], cause: unknown) {
    const code = cause instanceof Poison ? cause.code : "RECORD_REFUSED";
    const what = `${recordIndexes.length} record(s) for ${partitionName(to)} at ${recordIndexes.join(", ")} of the call`;
    super(code, `the log refuses ${what}: ${String(cause)}`, { cause });
    this.recordIndexes = recordIndexes;
  }
}

/** What a producer is made of. */
export interface AccumulatorOptions extends BatchLimits {
  readonly writer: LogWriter;
  /** By topic, for `partitionOf`; see `loadPartitionCounts`. */
  readonly partitionCounts: ReadonlyMap<string, number>;
  readonly clock: Clock;
  readonly random: Random;
  /** Between attempts at an append while the log is away. */
  readonly backoff: Backoff;
  readonly logger: Logger;
}

/**
 * What is in force unless configured: 2,000 records or 512 KiB a batch (half of a broker's default message.max.bytes
 * of 1,048,588), and waits of up to 2 s while the log is away.
 */
export const accumulatorDefaults: BatchLimits & { readonly backoff: Backoff } = {
  maxBatchRecords: 2_000,
  maxBatchBytes: 512 * 1_024,
  backoff: { initialMs: 50, maxMs: 2_000 },
};

/** A producer that may be given up on. */
export interface Accumulator extends Producer {
  /** Rejects everything that is pending with ProducerClosed and takes nothing more: for a drain that ran out of time. */
  readonly abandon: () => void;
}

/** The partition counts of some topics, asked from the log. @throws Unavailable */
export const loadPartitionCounts = async (
  writer: LogWriter,
  topics: readonly string[],
): Promise<ReadonlyMap<string, number>> => {
  const counts = new Map<string, number>();
  for (const topic of topics) counts.set(topic, await writer.partitionCount(topic));
  return counts;
};

/** A producer on a log. */
export const createAccumulator = (options: AccumulatorOptions): Accumulator => {
  const queues = new Map<string, PartitionQueue[]>();
  const backlog: Backlog = { records: 0 };
  const closing = new AbortController();
  const all = (): PartitionQueue[] => [...queues.values()].flatMap((ofTopic) => ofTopic.filter(Boolean));
  const queueOf = (to: TopicPartition): PartitionQueue => {
    const ofTopic = queues.get(to.topic) ?? [];
    queues.set(to.topic, ofTopic);
    const known = ofTopic[to.partition];
    if (known !== undefined) return known;
    const made = new PartitionQueue(to, options, backlog);
    ofTopic[to.partition] = made;
    return made;
  };
  return {
    produce: (to, records) => {
      if (closing.signal.aborted) return Promise.reject(new ProducerClosed(`records for ${partitionName(to)}`));
      return records.length === 0 ? Promise.resolve(undefined) : queueOf(to).add(records);
    },
    partitionOf: (topic, key) => {
      const count = options.partitionCounts.get(topic);
      if (count === undefined) throw new Fatal("UNKNOWN_TOPIC", `the producer does not know topic ${topic}`);
      return partitionOfKey(key, count);
    },
    backlogRecords: () => backlog.records,
    noProgressSinceMs: () =>
      all()
        .flatMap((queue) => queue.noProgressSinceMs() ?? [])
        .reduce<number | undefined>((least, at) => Math.min(least ?? at, at), undefined),
    trouble: () =>
      all()
        .flatMap((queue) => queue.trouble() ?? [])
        .toSorted((a, b) => a.sinceMs - b.sinceMs)
        .at(0),
    close: async () => {
      closing.abort();
      await Promise.all(all().map((queue) => queue.idle()));
    },
    abandon: () => {
      closing.abort();
      for (const queue of all()) queue.abandon();
    },
  };
};

/** Records queued or in flight, over all partitions. */
interface Backlog {
  records: number;
}

/** The calls of one partition and the loop that appends them. */
class PartitionQueue {
  readonly #backlog: Backlog;
  readonly #to: TopicPartition;
  readonly #options: AccumulatorOptions;
  readonly #waiting = new CallQueue();
  readonly #inFlight = new Set<Call>();
  readonly #abandoned = new AbortController();
  #running: Promise<void> | undefined;
  #turnAtMs = 0;
  #trouble: LogTrouble | undefined;

  constructor(to: TopicPartition, options: AccumulatorOptions, backlog: Backlog) {
    this.#backlog = backlog;
    this.#to = { topic: to.topic, partition: to.partition };
    this.#options = options;
  }

  add(records: readonly NewRecord[]): Promise<bigint | undefined> {
    const settled = Promise.withResolvers<bigint | undefined>();
    const fresh = { next: 0, unsettledRecords: records.length, firstOffset: undefined, refusal: undefined };
    this.#waiting.add({ records, settled, refused: [], ...fresh });
    this.#backlog.records += records.length;
    if (this.#running === undefined) this.#turn();
    this.#running ??= this.#run();
    return settled.promise;
  }

  /** Resolves when nothing is queued or in flight. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  noProgressSinceMs(): number | undefined {
    return this.#running && this.#turnAtMs;
  }

  trouble(): LogTrouble | undefined {
    return this.#trouble;
  }

  abandon(): void {
    this.#trouble = undefined;
    this.#abandoned.abort();
    const error = new ProducerClosed(
      `records for ${partitionName(this.#to)} were given up on; they may have been written`,
    );
    for (const call of new Set([...this.#inFlight, ...this.#waiting.clear()])) {
      this.#backlog.records -= call.unsettledRecords;
      call.settled.reject(error);
    }
    this.#inFlight.clear();
  }

  async #run(): Promise<void> {
    await undefined; // what the same turn of the event loop hands over goes together
    for (let batch = this.#take(); batch !== undefined; batch = this.#take()) await this.#write(batch);
    this.#running = undefined;
  }

  #take(): RecordBatch | undefined {
    const batch = this.#waiting.take(this.#options);
    for (const { call } of batch?.slices ?? []) this.#inFlight.add(call);
    return batch;
  }

  /** Ends when every record of the batch is acknowledged or refused, however long the log is away. */
  async #write(batch: RecordBatch): Promise<void> {
    for (let failures = 1; !this.#abandoned.signal.aborted; failures += 1) {
      try {
        this.#turn();
        const firstOffset = await this.#options.writer.append(this.#to, batch.records);
        this.#turn();
        this.#trouble = undefined;
        return this.#written(batch, firstOffset);
      } catch (error) {
        this.#turn();
        const disposition = dispositionOf(error);
        // An answer about these records is one of a log that is there.
        if (disposition === "poison" || disposition === "fatal") this.#trouble = undefined;
        if (disposition === "poison") return this.#split(batch, error);
        if (disposition === "fatal") return this.#settle(batch, error);
        await this.#wait(failures, batch, error);
      }
    }
  }

  #turn(): void {
    this.#turnAtMs = this.#options.clock.now();
  }

  /** Somewhere in the batch is a record the log will never take: it is left out, all others are written, in order. */
  async #split(batch: RecordBatch, error: unknown): Promise<void> {
    if (batch.records.length === 1) return this.#settle(batch, error);
    for (const half of halve(batch)) await this.#write(half);
  }

  async #wait(failures: number, batch: RecordBatch, error: unknown): Promise<void> {
    const { clock, random, backoff, logger } = this.#options;
    const ms = backoffMs(backoff, failures, random);
    this.#trouble = { error: named(error), sinceMs: this.#trouble?.sinceMs ?? clock.now() };
    logger.warn(
      {
        event: "producer.appendFailed",
        ...this.#to,
        failures,
        records: batch.records.length,
        backoffMs: Math.round(ms),
        error: String(error),
      },
      "an append failed and is tried again",
    );
    await clock.sleep(ms, this.#abandoned.signal);
  }

  #written(batch: RecordBatch, firstOffset: bigint | undefined): void {
    let before = 0;
    for (const { call, from, to } of batch.slices) {
      if (from === 0 && firstOffset !== undefined) call.firstOffset = firstOffset + BigInt(before);
      before += to - from;
    }
    this.#settle(batch);
  }

  #settle(batch: RecordBatch, refusal?: unknown): void {
    if (this.#abandoned.signal.aborted) return;
    this.#backlog.records -= batch.records.length;
    for (const { call, from, to } of batch.slices) {
      call.unsettledRecords -= to - from;
      if (refusal !== undefined) {
        call.refusal = refusal;
        for (let index = from; index < to; index += 1) call.refused.push(index);
      }
      if (call.unsettledRecords === 0) this.#end(call);
    }
  }

  #end(call: Call): void {
    this.#inFlight.delete(call);
    if (call.refused.length === 0) call.settled.resolve(call.firstOffset);
    else if (dispositionOf(call.refusal) === "fatal") call.settled.reject(call.refusal);
    else call.settled.reject(new RecordsRefused(this.#to, call.refused, call.refusal));
  }
}

/** A writer throws nothing else; what it throws all the same is tried again as if the log were away. */
const named = (error: unknown): PipelineError =>
  error instanceof PipelineError ? error : new Unavailable("kafka", String(error), { cause: error });
