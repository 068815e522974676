/**
 * What was asked and what was published, as it is in the log: seen at the moment it is appended, so that what must be true
 * at that moment is checked there and then.
 */
import { deadLetterPrefix, earlierOf } from "../../../engine/worker/round/letter-headers.ts";
import type { Headers, NewRecord, TopicPartition } from "../../../engine/log/log.ts";
import type { Codec, Decoded } from "../../../engine/avro/codec.ts";
import {
  type CouponCompensated,
  type CouponIssued,
  type CouponIssueRequested,
  type CouponRefused,
  couponIssueRequests,
  couponsCompensated,
  couponsIssued,
  couponsRefused,
  type ReservationId,
} from "../../../schemas/coupon.ts";
import type { Topic } from "../../../engine/avro/topic.ts";

/** A record of the source topic. */
export interface Asked {
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  /** Undefined where its bytes are no request. */
  readonly request: CouponIssueRequested | undefined;
  /** Its bytes name a schema that no registry has. */
  readonly isStrange: boolean;
}

/** A record of the retry topic. */
export interface Retried {
  /** Where its original stands. */
  readonly origin: { readonly partition: number; readonly offset: bigint };
  /** The attempt whose letter it was made of. */
  readonly attempt: number;
}

/** A record of the dead-letter topic. */
export interface Dead {
  readonly partition: number;
  readonly offset: bigint;
  readonly code: string;
  readonly inDoubt: boolean;
}

/** What was published about a reservation. */
export type Published =
  | { readonly kind: "issued"; readonly event: CouponIssued }
  | { readonly kind: "refused"; readonly event: CouponRefused };

/** Everything the log says. */
export interface Witness {
  /** In the order of their appends. */
  readonly asked: readonly Asked[];
  readonly published: ReadonlyMap<ReservationId, readonly Published[]>;
  readonly compensated: ReadonlyMap<ReservationId, readonly CouponCompensated[]>;
  /** By `partition/offset` of the record that died. */
  readonly dead: ReadonlyMap<string, Dead>;
  /** By `partition/offset` in the retry topic. */
  readonly retried: ReadonlyMap<string, Retried>;
  /** Whether a record has a letter of this attempt. */
  readonly hasLetter: (of: Retried) => boolean;
  readonly at: (partition: number, offset: bigint) => Asked | undefined;
  readonly appended: (to: TopicPartition, firstOffset: bigint, records: readonly NewRecord[], at: number) => void;
}

/** A record's place as a key. */
export const placeOf = ({ partition, offset }: { readonly partition: number; readonly offset: bigint }): string =>
  `${partition}/${offset}`;

/** What a witness sees of the log, and whom it calls. */
export interface WitnessOptions {
  readonly codec: Codec;
  /** Topics. */
  readonly deadLetters: string;
  readonly retries: string;
  /** Called with each verdict that is published, when it is. */
  readonly sees: (published: Published) => void;
  /** Called with each letter. */
  readonly died: (letter: NewRecord) => void;
}

/** A witness of an empty log. */
export const createWitness = ({ codec, deadLetters, retries, sees, died }: WitnessOptions): Witness => {
  const asked: Asked[] = [];
  const byPlace = new Map<string, Asked>();
  const published = new Map<ReservationId, Published[]>();
  const compensated = new Map<ReservationId, CouponCompensated[]>();
  const dead = new Map<string, Dead>();
  const retried = new Map<string, Retried>();
  const letters = new Set<string>();
  const attemptOf = ({ origin, attempt }: Retried): string => `${placeOf(origin)}#${attempt}`;
  const keep = <K, V>(map: Map<K, V[]>, key: K, value: V): void => void map.set(key, [...(map.get(key) ?? []), value]);
  const hear = (one: Published): void => {
    keep(published, one.event.reservationId, one);
    sees(one);
  };
  const decode = <T>(topic: Topic<T>, { value }: NewRecord): Decoded<T> => codec.decoder(topic).decode(value);
  const read = <T>(topic: Topic<T>, record: NewRecord): T | undefined => {
    const decoded = decode(topic, record);
    return decoded.kind === "value" ? decoded.value : undefined;
  };
  const must = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("a worker wrote bytes that are no record");
    return value;
  };
  const readers: Readonly<
    Record<string, (record: NewRecord, at: Pick<Asked, "partition" | "offset" | "timestampMs">) => void>
  > = {
    [couponIssueRequests.name]: (record, at) => {
      const decoded = decode(couponIssueRequests, record);
      const request = decoded.kind === "value" ? decoded.value : undefined;
      const one = { ...at, request, isStrange: decoded.kind === "unknownSchema" };
      asked.push(one);
      byPlace.set(placeOf(one), one);
    },
    [couponsIssued.name]: (record) => hear({ kind: "issued", event: must(read(couponsIssued, record)) }),
    [couponsRefused.name]: (record) => hear({ kind: "refused", event: must(read(couponsRefused, record)) }),
    [couponsCompensated.name]: (record) => {
      const event = must(read(couponsCompensated, record));
      keep(compensated, event.reservationId, event);
    },
    [deadLetters]: (record) => {
      const one = toDead(record.headers ?? {});
      dead.set(placeOf(one), one);
      letters.add(attemptOf(must(earlierOf(record.headers ?? {}))));
      died(record);
    },
    [retries]: ({ headers = {} }, at) => void retried.set(placeOf(at), must(earlierOf(headers))),
  };
  const appended: Witness["appended"] = ({ topic, partition }, firstOffset, records, timestampMs) => {
    let offset = firstOffset;
    for (const record of records) readers[topic]?.(record, { partition, offset: offset++, timestampMs });
  };
  return {
    asked,
    published,
    compensated,
    dead,
    retried,
    hasLetter: (of) => letters.has(attemptOf(of)),
    at: (partition, offset) => byPlace.get(placeOf({ partition, offset })),
    appended,
  };
};

const toDead = (headers: Headers): Dead => {
  const header = (name: string): string => String(headers[deadLetterPrefix + name]);
  return {
    partition: Number(header("partition")),
    offset: BigInt(header("offset")),
    code: header("code"),
    inDoubt: header("kind") === "in-doubt",
  };
};
