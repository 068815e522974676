/** Dead letters for the benchmark: as a worker writes them, of requests that could be decided if they were replayed. */
import { Poison } from "../../../engine/errors.ts";
import type { NewRecord } from "../../../engine/log/log.ts";
import { deadLetterTopic, toDeadLetter } from "../../../engine/worker/round/dead-letter.ts";
import { type CouponId, couponIssueRequests, type UserId } from "../../../schemas/coupon.ts";
import { couponIssuing } from "../../../topology/coupon-issuing.ts";
import { mintWith } from "../../mint.ts";
import type { Stage } from "../stage.ts";

/** What is written. */
export interface LettersToWrite {
  readonly letters: number;
  /** Their requests ask for this one. */
  readonly couponId: string;
  /** Their causes: so many groups, with codes `<code>-0`, `<code>-1` and so on. */
  readonly causes: number;
  readonly code: string;
}

/** Records handed to the producer at once. */
const chunkRecords = 2_000;

/** Appends them, over all partitions of the topic; resolves when they are acknowledged. Each run adds its own. */
export const writeLetters = async (stage: Stage, { letters, couponId, causes, code }: LettersToWrite) => {
  const topic = deadLetterTopic(couponIssuing.graph.name);
  const partitions = (await stage.admin.endOffsets(topic)).length;
  const producer = await stage.producer([topic]);
  const encode = await stage.codec.encoder(couponIssueRequests);
  const errors = Array.from({ length: causes }, (_, at) => new Poison(`${code}-${at}`, "written by the benchmark"));
  const from = { topic: couponIssueRequests.name, partition: producer.partitionOf(topic, Buffer.from(couponId)) };
  const provenance = {
    groupId: `${stage.config.groupPrefix}.${couponIssuing.graph.name}`,
    graphHash: couponIssuing.hash,
  };
  // Beyond every real offset, so that no letter is taken for one of another run; a worker reads 2^53 at most.
  const firstOffset = BigInt(Date.now()) * 1_000n;
  const mint = mintWith(stage.config);
  const letter = (n: number): NewRecord => {
    const now = Date.now();
    const userId = `letter-${n}` as UserId;
    const value = encode({
      reservationId: mint(userId),
      couponId: couponId as CouponId,
      userId,
      policyId: null,
      requestedAt: now,
    });
    const record = {
      key: Buffer.from(couponId),
      value,
      headers: {},
      offset: firstOffset + BigInt(n),
      timestampMs: now,
    };
    const failure = { stage: "process", node: "write-through", error: errors[n % causes], held: [] } as const;
    return toDeadLetter({ from, record, failure }, provenance, now);
  };
  try {
    for (let at = 0; at < letters; at += chunkRecords) {
      const chunk = Array.from({ length: Math.min(chunkRecords, letters - at) }, (_, n) => letter(at + n));
      const byPartition = Map.groupBy(chunk.entries(), ([n]) => n % partitions);
      await Promise.all(
        [...byPartition].map(([partition, some]) =>
          producer.produce(
            { topic, partition },
            some.map(([, record]) => record),
          ),
        ),
      );
    }
  } finally {
    await producer.close();
  }
};
