/** A subscription: kafkajs's consumer around a Membership, rebuilt when it crashes, ended in order. */
import type { Consumer } from "kafkajs";
import { Fatal } from "../../../errors.ts";
import { backoffMs, systemClock } from "../../../clock.ts";
import type { LogListener, LogTrouble, SubscribeOptions, Subscription } from "../../log.ts";
import { createClient, type KafkaClient, retry } from "../client.ts";
import { failureOf, hasType, isFatal, isRefused } from "../failures.ts";
import { coPartitioning } from "./assigner.ts";
import { Membership, MembershipEnded } from "./membership.ts";
import type { KafkaSettings } from "../options.ts";
import { hookGroupsWith } from "../patches/group-hooks.ts";

/** Between rebuilds. */
const backoff = { initialMs: 200, maxMs: 3_000 };
/** For leaving the group and closing connections; then the sockets are cut. */
const leaveBudgetMs = 5_000;
/** Batches handled at once: handlers return at once, so this only keeps a slow heartbeat from holding up the others. */
const concurrency = 16;
/** A topic just made may be unknown to another broker for a moment (KRaft). */
const unknownTopicRetries = { times: 10, everyMs: 200 };

/** A running consumer. */
interface Run {
  readonly client: KafkaClient;
  readonly consumer: Consumer;
  /** The membership's reads when it was made. */
  readonly reads: number;
}

/** Joins a group. @throws Unavailable @throws AccessRefused (KAFKA_REFUSED) @throws Fatal (TOPIC_MISSING) */
export const openSubscription = async (
  settings: KafkaSettings,
  options: SubscribeOptions,
  listener: LogListener,
): Promise<Subscription> => {
  const subscription = new KafkaSubscription(settings, options, listener);
  await subscription.start();
  return subscription;
};

class KafkaSubscription implements Subscription {
  readonly #settings: KafkaSettings;
  readonly #options: SubscribeOptions;
  readonly #membership: Membership;
  readonly #stopping = new AbortController();
  #run: Run | undefined;
  /** A client that is connecting, to be cut when there is no use for it any more. */
  #building: KafkaClient | undefined;
  #rebuilding: Promise<void> = Promise.resolve();
  /** Consumers in a row that did not get as far as reading. */
  #failures = 0;
  #trouble: LogTrouble | undefined;
  #stopped: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: KafkaSettings, options: SubscribeOptions, listener: LogListener) {
    this.#settings = settings;
    this.#options = options;
    this.#membership = new Membership({ groupId: options.groupId, listener, settings, clock: systemClock });
  }

  async start(): Promise<void> {
    await this.#build();
    this.#timer = setInterval(() => this.#beat(), this.#settings.heartbeatMs / 3);
  }

  readonly commit: Subscription["commit"] = (offsets) => this.#membership.commit(offsets);
  readonly pause: Subscription["pause"] = (at) => this.#membership.pause(at);
  readonly resume: Subscription["resume"] = (at) => this.#membership.resume(at);
  readonly positions: Subscription["positions"] = () => this.#membership.positions();
  readonly trouble: Subscription["trouble"] = () => this.#trouble;
  readonly stop: Subscription["stop"] = () => {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  };

  async #stop(): Promise<void> {
    this.#membership.end();
    this.#stopping.abort();
    await this.#membership.giveBack();
    clearInterval(this.#timer);
    this.#building?.destroySockets();
    await this.#rebuilding;
    if (this.#run !== undefined) await this.#end(this.#run);
    this.#membership.lose();
  }

  /**
   * A member that goes while it waits to join stays in the group until its session runs out, and its share of the
   * partitions makes no progress: so a join is waited for, to be left in order, as long as others may take to drain.
   */
  async #end(run: Run): Promise<void> {
    const joined = new AbortController();
    const waiting = this.#membership.joined().finally(() => joined.abort());
    await Promise.race([waiting, systemClock.sleep(this.#settings.drainBudgetMs, joined.signal)]);
    if (!joined.signal.aborted) run.client.destroySockets();
    await endRun(run);
  }

  async #build(): Promise<void> {
    const client = createClient(this.#settings);
    const consumer = this.#consumerOf(client);
    const run: Run = { client, consumer, reads: this.#membership.reads };
    consumer.on(consumer.events.CRASH, ({ payload }) => this.#crashed(run, payload.error));
    consumer.on(consumer.events.REQUEST_TIMEOUT, client.resetSockets);
    this.#building = client;
    try {
      await consumer.connect();
      await this.#subscribe(consumer);
      if (this.#membership.ended) throw new MembershipEnded();
    } catch (error) {
      await endRun(run);
      throw failureOf(error, `joining ${this.#options.groupId}`);
    } finally {
      this.#building = undefined;
    }
    this.#run = run;
    // Resolves after the first join, which waits for the group's other members; nothing here has to wait for it.
    consumer
      .run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: concurrency,
        // Erasure: the batch kafkajs makes is the one internals.ts describes.
        eachBatch: async ({ batch }) =>
          this.#membership.deliver(batch as unknown as Parameters<Membership["deliver"]>[0]),
      })
      .catch((error: unknown) => this.#crashed(run, error));
  }

  async #subscribe(consumer: Consumer): Promise<void> {
    const topics = [...this.#options.topics];
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await consumer.subscribe({ topics, fromBeginning: true });
      } catch (error) {
        if (!hasType(error, "UNKNOWN_TOPIC_OR_PARTITION")) throw error;
        if (attempt > unknownTopicRetries.times) {
          throw new Fatal("TOPIC_MISSING", `one of the topics ${topics.join(", ")} does not exist; create it first`, {
            cause: error,
          });
        }
        await systemClock.sleep(unknownTopicRetries.everyMs, this.#stopping.signal);
      }
    }
  }

  #consumerOf({ kafka }: KafkaClient): Consumer {
    const settings = this.#settings;
    return kafka.consumer({
      groupId: this.#options.groupId,
      partitionAssigners: [
        (config) => {
          const assigner = coPartitioning(config);
          hookGroupsWith(assigner, this.#membership);
          return assigner;
        },
      ],
      sessionTimeout: settings.sessionTimeoutMs,
      rebalanceTimeout: settings.rebalanceTimeoutMs,
      heartbeatInterval: settings.heartbeatMs,
      maxBytesPerPartition: settings.fetchPartitionBytes,
      maxBytes: settings.fetchBytes,
      maxWaitTimeInMs: settings.fetchWaitMs,
      metadataMaxAge: settings.metadataMaxAgeMs,
      allowAutoTopicCreation: false,
      // Never by itself: its restart forgets the member id and gives up where a retry would help.
      retry: { ...retry, restartOnFailure: async () => false },
    });
  }

  #crashed(run: Run, error: unknown): void {
    if (this.#run !== run) return;
    this.#run = undefined;
    this.#membership.lose();
    run.client.destroySockets();
    if (this.#membership.ended) return;
    const { groupId } = this.#options;
    if (this.#isTheEnd(error)) {
      this.#membership.fail(failureOf(error, `the membership in ${groupId} ended`));
      return;
    }
    this.#hasTrouble(error);
    this.#settings.logger.warn(
      { event: "consumer.crashed", groupId, error: String(error) },
      "the consumer crashed and is rebuilt",
    );
    if (this.#membership.reads > run.reads) this.#failures = 0;
    this.#rebuilding = this.#rebuild();
  }

  async #rebuild(): Promise<void> {
    const { groupId } = this.#options;
    while (!this.#membership.ended) {
      this.#failures += 1;
      const failures = this.#failures;
      await systemClock.sleep(backoffMs(backoff, failures, Math.random), this.#stopping.signal);
      if (this.#membership.ended) return;
      try {
        return await this.#build();
      } catch (error) {
        if (this.#isTheEnd(error)) return this.#membership.fail(failureOf(error, `the membership in ${groupId} ended`));
        this.#settings.logger.warn(
          { event: "consumer.rebuildFailed", groupId, failures, error: String(error) },
          "the consumer could not be rebuilt yet",
        );
        this.#hasTrouble(error);
      }
    }
  }

  /** Brokers that refuse us before the first join refuse the start; later they are asked again, because an operator can set it right. */
  #isTheEnd(error: unknown): boolean {
    return isFatal(error) || (isRefused(error) && this.#membership.joins === 0);
  }

  #hasTrouble(error: unknown): void {
    const sinceMs = this.#trouble?.sinceMs ?? systemClock.now();
    this.#trouble = { error: failureOf(error, `the membership in ${this.#options.groupId}`), sinceMs };
  }

  #beat(): void {
    // A consumer that was rebuilt is well when it has read: a group may take a member in that may not read its topics.
    if (this.#run !== undefined && this.#membership.reads > this.#run.reads) this.#trouble = undefined;

    void this.#membership.heartbeat();
    const { rebalanceTimeoutMs, requestTimeoutMs } = this.#settings;
    const stalledMs = this.#membership.idleMs();
    if (this.#run === undefined || stalledMs < 2 * (rebalanceTimeoutMs + requestTimeoutMs)) return;
    // Every request has a timeout, so this cannot be; if it is, a worker that reads nothing must not look healthy.
    const run = this.#run;
    this.#crashed(run, new Error(`kafkajs has fetched nothing for ${stalledMs} ms`));
    void endRun(run);
  }
}

/** Leaves the group and disconnects, within its budget. Never rejects. */
const endRun = async ({ client, consumer }: Run): Promise<void> => {
  const done = new AbortController();
  const disconnected = consumer
    .disconnect()
    .catch(() => {})
    .finally(() => done.abort());
  await Promise.race([disconnected, systemClock.sleep(leaveBudgetMs, done.signal)]);
  client.destroySockets();
};
