/** The records of the proof of replays: made, written to the sources, and remembered by where they stand. */
import { v7 } from "uuid";
import type { Mint } from "../../../dev/mint.ts";
import type { AvroJson } from "../../../engine/avro/avro.ts";
import { createCodec, type Encoder, encoderFor } from "../../../engine/avro/codec.ts";
import { type Topic, topic } from "../../../engine/avro/topic.ts";
import { kafkaLog } from "../../../engine/log/kafka/kafka-log.ts";
import type { NewRecord } from "../../../engine/log/log.ts";
import { partitionOfKey } from "../../../engine/log/producer/partitioner.ts";
import { silentLogger } from "../../../engine/logger.ts";
import { confluentAdmin } from "../../../engine/registry/admin.ts";
import { confluentRegistry } from "../../../engine/registry/registry.ts";
import type { Config } from "../../../ops/config.ts";
import {
  type CouponId,
  type CouponIssueRequested,
  couponIssueRequests,
  type UserId,
  type Won,
} from "../../../schemas/coupon.ts";
import { type OrderId, type PaymentCompleted, type PaymentId, paymentsCompleted } from "../../../schemas/payment.ts";
import { idMaxLength, userIdMaxLength } from "../../../schemas/ids.ts";
import { type Kind, mixedKinds } from "./kinds.ts";

/** A record before it is written. */
export interface Made<T> {
  readonly kind: Kind;
  readonly value: T;
}

/** A record that was written. */
export interface Written<T> extends Made<T> {
  /** `coupon-issue/3/1042`. */
  readonly id: string;
}

/** Coupons that are asked for. */
export const couponIds: readonly CouponId[] = Array.from({ length: 24 }, (_, n) => `replayed-${n}` as CouponId);

/** A coupon that nobody gets: it has closed. */
export const closedCouponId = "replayed-closed" as CouponId;

/** The longest that is an id: its event is longer than those of others. */
const longUser = (n: number): string => `untold-${n}-`.padEnd(idMaxLength, "x");

const userOf = (kind: Kind, n: number): UserId => {
  if (kind === "wrong") return `u${n}`.padEnd(userIdMaxLength + 1, "x") as UserId;
  return (kind === "untold" ? longUser(n) : kind === "good" ? `u${n}` : `${kind}-${n}`) as UserId;
};

/** Requests, one of each user. */
export const makeRequests = (mint: Mint, letters: number): readonly Made<CouponIssueRequested>[] =>
  mixedKinds("coupons", letters).map((kind, n) => {
    const userId = userOf(kind, n);
    return {
      kind,
      value: {
        reservationId: mint(userId),
        couponId: kind === "unrefused" ? closedCouponId : (couponIds[n % couponIds.length] ?? closedCouponId),
        userId,
        policyId: null,
        requestedAt: Date.now(),
      },
    };
  });

/** What one payment takes, won. */
export const price = 1_000 as Won;

/** Payments, one of each user and order. */
export const makePayments = (letters: number): readonly Made<PaymentCompleted>[] =>
  mixedKinds("payments", letters).map((kind, n) => ({
    kind,
    value: {
      paymentId: v7() as PaymentId,
      orderId: v7() as OrderId,
      userId: `${kind}-${n}` as UserId,
      amount: price,
      discount: 0 as Won,
      paidAt: Date.now(),
    },
  }));

/** The schema of a topic with one field more, which is not registered yet, and the id that it will get. */
export interface LaterSchema {
  readonly subject: string;
  readonly avro: AvroJson;
  readonly id: number;
}

/** Foretells the ids of two schemas: a registry numbers them in turn. */
export const laterSchemas = async ({ registryUrl }: Config): Promise<readonly [LaterSchema, LaterSchema]> => {
  const registered = await confluentAdmin({ url: registryUrl }).register("proof-of-ids", {
    type: "record",
    name: "proof.Ids",
    fields: [{ name: "id", type: "string" }],
  });
  if (registered.kind !== "registered") throw new Error(`the registry takes no schema: ${registered.why}`);
  const later = <T>(of: Topic<T>, at: number): LaterSchema => {
    const avro = of.schema.avro as { readonly fields: readonly AvroJson[] }; // Both are records.
    const note = { name: "note", type: ["null", "string"], default: null };
    return {
      subject: `${of.name}-value`,
      avro: { ...avro, fields: [...avro.fields, note] } as AvroJson, // A field more.
      id: registered.id + at,
    };
  };
  return [later(couponIssueRequests, 1), later(paymentsCompleted, 2)];
};

/** Registers them. @throws Error where one gets another id than was foretold. */
export const registerLater = async ({ registryUrl }: Config, schemas: readonly LaterSchema[]): Promise<void> => {
  const admin = confluentAdmin({ url: registryUrl });
  for (const { subject, avro, id } of schemas) {
    const registered = await admin.register(subject, avro);
    if (registered.kind !== "registered") throw new Error(`${subject} was not registered: ${registered.why}`);
    if (registered.id !== id) throw new Error(`${subject} got id ${registered.id}, and its records have ${id}`);
  }
};

/** Records of one append. */
const appendRecords = 500;

/** Writes records to an empty topic, in order; nobody else writes there, so where each stands is known. */
export const writeRecords = async <T>(
  config: Config,
  of: Topic<T>,
  made: readonly Made<T>[],
  later: LaterSchema,
): Promise<readonly Written<T>[]> => {
  const codec = createCodec({ source: confluentRegistry({ url: config.registryUrl }), now: () => performance.now() });
  const encode = await codec.encoder(of);
  const laterTopic = topic<unknown>(of.name, { name: of.name, avro: later.avro }, { key: () => "", id: () => "" });
  const encodeLater: Encoder<unknown> = encoderFor(laterTopic, later.id);
  const bytesOf = ({ kind, value }: Made<T>): Buffer => {
    if (kind === "malformed") return Buffer.from("{}");
    return kind === "unknown" ? encodeLater({ ...value, note: "written by a later release" }) : encode(value);
  };
  const partitions = Map.groupBy(made, ({ value }) => partitionOfKey(Buffer.from(of.key(value)), of.partitions));
  const log = kafkaLog({ brokers: config.brokers, clientId: "sluice-proof", logger: silentLogger });
  try {
    for (const [partition, own] of partitions) {
      const records = own.map((one): NewRecord => ({ key: Buffer.from(of.key(one.value)), value: bytesOf(one) }));
      for (let at = 0; at < records.length; at += appendRecords)
        await log.append({ topic: of.name, partition }, records.slice(at, at + appendRecords));
    }
  } finally {
    await log.close();
  }
  return [...partitions].flatMap(([partition, own]) =>
    own.map((one, offset) => ({ ...one, id: `${of.name}/${partition}/${offset}` })),
  );
};
