/** The topics of a baseline: requests that were put there beforehand, and a result event for each. */
import avro from "avsc";
import { type Consumer, Kafka, logLevel } from "kafkajs";
import type { CouponIssueRequested } from "../../../schemas/coupon.ts";
import type { ShopOptions } from "./baseline-shop.ts";

/** What a baseline runs on that reads a topic. */
export interface BaselineOptions extends ShopOptions {
  readonly sourceTopic: string;
  readonly resultTopic: string;
  /** Avro schema of the requests; bodies are framed with five bytes. */
  readonly requestSchema: avro.Schema;
}

/** The topics as a baseline uses them. */
export interface BaselineTopics {
  /** Of the requests, from the first one; it is not running yet. */
  readonly consumer: Consumer;
  /**
   * Reads a request, has it decided, and publishes the result, acknowledged by all replicas; answers what was decided.
   * @throws what `issue` throws, and kafkajs's errors
   */
  readonly handle: (value: Buffer, issue: (request: CouponIssueRequested) => Promise<boolean>) => Promise<boolean>;
}

/**
 * Resolves when `done` is called, and rejects with what `fail` is given, or when it is to end. kafkajs tries a record that fails again
 * and again; a baseline ends with the first one.
 */
export const untilDone = (signal: AbortSignal) => {
  const ended = Promise.withResolvers<void>();
  const end = (): void => ended.reject(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  return {
    done: ended.resolve,
    /** @throws the error, for kafkajs as well */
    fail: (error: unknown): never => {
      ended.reject(error);
      throw error;
    },
    ended: ended.promise.finally(() => signal.removeEventListener("abort", end)),
  };
};

/** Connects, hands the topics over, and disconnects. @throws what `work` throws, and kafkajs's errors */
export const withTopics = async <T>(
  { endpoints, name, sourceTopic, resultTopic, requestSchema }: BaselineOptions,
  work: (topics: BaselineTopics) => Promise<T>,
): Promise<T> => {
  const kafka = new Kafka({ brokers: [...endpoints.brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ idempotent: true });
  const consumer = kafka.consumer({ groupId: name, maxWaitTimeInMs: 100 });
  const type = avro.Type.forSchema(requestSchema);
  try {
    await producer.connect();
    await consumer.connect();
    await consumer.subscribe({ topic: sourceTopic, fromBeginning: true });
    return await work({
      consumer,
      handle: async (value, issue) => {
        // The bodies were written with this very schema.
        const request = type.fromBuffer(value.subarray(5)) as CouponIssueRequested;
        const issued = await issue(request);
        const result = { key: request.couponId, value: JSON.stringify({ id: request.reservationId, issued }) };
        await producer.send({ topic: resultTopic, acks: -1, messages: [result] });
        return issued;
      },
    });
  } finally {
    await Promise.allSettled([consumer.disconnect(), producer.disconnect()]);
  }
};
