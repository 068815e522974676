/**
 * Appends to partitions through kafkajs's producer: one partition a send, the answer checked, the producer thrown away
 * after any send whose outcome is not known.
 */
import type { Message, Producer, RecordMetadata } from "kafkajs";
import { Poison, Unavailable } from "../../errors.ts";
import { systemClock } from "../../clock.ts";
import type { LogWriter, NewRecord, TopicPartition } from "../log.ts";
import { createClient, retry, withAdmin } from "./client.ts";
import { appendFailure, failureOf, hasType } from "./failures.ts";
import type { KafkaSettings } from "./options.ts";
import { routeTo } from "./patches/group-messages.ts";

/** For closing a producer's connections; then its sockets are cut. */
const disconnectBudgetMs = 5_000;
/**
 * Keys and values of one append: above a broker's socket.request.max.bytes (default 100 MiB) it answers nothing but
 * closes the connection, which no retry ends.
 */
const maxAppendBytes = 64 * 1_048_576;

/** A connected producer and how many sends it still has to answer. */
interface Line {
  readonly producer: Producer;
  readonly end: () => Promise<void>;
  sends: number;
}

/** A writer that can be closed. */
export interface KafkaWriter extends LogWriter {
  readonly close: () => Promise<void>;
}

/** Connects with the first append. */
export const openWriter = (settings: KafkaSettings): KafkaWriter => new ProducerWriter(settings);

class ProducerWriter implements KafkaWriter {
  readonly #settings: KafkaSettings;
  #line: Promise<Line> | undefined;
  #closed = false;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
  }

  readonly append: LogWriter["append"] = async (to, records) => {
    if (records.length === 0) return undefined;
    refuseEndless(to, records);
    const connecting = this.#connected();
    const line = await connecting;
    line.sends += 1;
    try {
      return this.#check(to, await this.#send(line.producer, to, records));
    } catch (error) {
      const failure = appendFailure(error, to, records.length);
      // The broker says that it took nothing: the sequence stays as it was, the producer is as good as before.
      if (!(failure instanceof Poison)) this.#discard(connecting);
      throw failure;
    } finally {
      line.sends -= 1;
    }
  };

  readonly partitionCount: LogWriter["partitionCount"] = async (topic) => {
    try {
      return await withAdmin(this.#settings, async (admin) => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        return topics[0]?.partitions.length ?? 0;
      });
    } catch (error) {
      const what = hasType(error, "UNKNOWN_TOPIC_OR_PARTITION")
        ? `topic ${topic} does not exist; run: sluice topology apply`
        : `asking about ${topic}`;
      throw failureOf(error, what);
    }
  };

  readonly close = async (): Promise<void> => {
    this.#closed = true;
    const line = await this.#line?.catch(() => undefined);
    this.#line = undefined;
    await line?.end();
  };

  #connected(): Promise<Line> {
    if (this.#closed) return Promise.reject(new Unavailable("kafka", "the log was closed"));
    if (this.#line === undefined) {
      const connecting = connect(this.#settings);
      this.#line = connecting;
      connecting.catch(() => this.#discard(connecting));
    }
    return this.#line;
  }

  /** kafkajs takes the array as it is: no record is copied or looked at before it is encoded. */
  #send(
    producer: Producer,
    { topic, partition }: TopicPartition,
    records: readonly NewRecord[],
  ): Promise<RecordMetadata[]> {
    const { appendTimeoutMs, requestTimeoutMs } = this.#settings;
    // Erasure: a NewRecord is what produce-request.ts encodes; kafkajs itself only looks whether `value` is there.
    const messages = records.slice() as unknown as Message[];
    routeTo(partition, messages);
    const sent = producer.send({ topic, messages, acks: -1, timeout: Math.ceil(requestTimeoutMs / 2) });
    return within(appendTimeoutMs, sent);
  }

  /** kafkajs may resolve without having sent: what it answers must name the partition. Where the first record is. */
  #check({ topic, partition }: TopicPartition, answers: readonly RecordMetadata[]): bigint | undefined {
    const answer = answers.find((one) => one.topicName === topic && one.partition === partition);
    if (answer?.errorCode === 0) return answer.baseOffset === undefined ? undefined : BigInt(answer.baseOffset);
    throw new Unavailable("kafka", `no broker acknowledged ${topic}/${partition}; is there such a partition?`);
  }

  /** Sends in flight on other partitions may still be answered; the connection is closed after them. */
  #discard(connecting: Promise<Line>): void {
    if (this.#line !== connecting) return;
    this.#line = undefined;
    void connecting.then(endWhenIdle, () => {});
  }
}

const endWhenIdle = async (line: Line): Promise<void> => {
  while (line.sends > 0) await systemClock.sleep(100);
  await line.end();
};

const connect = async (settings: KafkaSettings): Promise<Line> => {
  const client = createClient(settings);
  const producer = client.kafka.producer({
    // Every send is routed to its partition; a record that is not must not be spread silently.
    createPartitioner: () => () => {
      throw new Error("a send was not routed to a partition");
    },
    allowAutoTopicCreation: false,
    idempotent: settings.idempotent,
    metadataMaxAge: settings.metadataMaxAgeMs,
    retry,
  });
  producer.on(producer.events.REQUEST_TIMEOUT, client.resetSockets);
  const end = async (): Promise<void> => {
    await within(disconnectBudgetMs, producer.disconnect()).catch(() => {});
    client.destroySockets();
  };
  try {
    await producer.connect();
    return { producer, end, sends: 0 };
  } catch (error) {
    await end();
    throw failureOf(error, "connecting a producer");
  }
};

const refuseEndless = ({ topic, partition }: TopicPartition, records: readonly NewRecord[]): void => {
  let sizeBytes = 0;
  for (const { key, value } of records) sizeBytes += (key?.length ?? 0) + (value?.length ?? 0);
  if (sizeBytes > maxAppendBytes) {
    const what = `${records.length} record(s) of ${sizeBytes} bytes for ${topic}/${partition}`;
    throw new Poison("RECORD_TOO_LARGE", `${what}; at most ${maxAppendBytes} bytes are sent at once`);
  }
};

/**
 * A plain timer: an AbortController makes an exception of every append that is in time.
 * @throws Unavailable when it takes longer.
 */
const within = <T>(ms: number, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Unavailable("kafka", `no answer within ${ms} ms`)), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
