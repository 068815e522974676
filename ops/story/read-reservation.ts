/** Reads what is known of one reservation: rows by index, records near the moment it was accepted. */
import type { Topic } from "../../engine/avro/topic.ts";
import { partitionOfKey } from "../../engine/log/producer/partitioner.ts";
import {
  couponIssueRequests,
  couponsCompensated,
  couponsIssued,
  couponsRefused,
  type CouponId,
  type ReservationId,
} from "../../schemas/coupon.ts";
import { couponRows } from "../../stores/mysql/story/coupon-rows.ts";
import { readUnit } from "../../stores/redis/read-unit.ts";
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import { committedOf } from "./committed.ts";
import { lettersOf } from "./letters.ts";
import type { StoryPorts } from "./ports.ts";
import type { ReservationFacts } from "./reservation.ts";
import { findRecord } from "./find-record.ts";
import { clockSlackMs, originOf, type SearchRange } from "./search.ts";
import { madeAt } from "./subject.ts";

/** Reads; what is away, the database excepted, is left out and remembered. @throws Unavailable */
export const readReservation = async (ports: StoryPorts, reservationId: ReservationId): Promise<ReservationFacts> => {
  // First: what the workers had passed by then is in everything that is read after it.
  const offsets = await committedOf(ports, couponIssuing.graph.name, couponIssueRequests.name);
  const rows = couponRows(ports.database);
  const [issuedRow, refusedRow] = await Promise.all([rows.issued(reservationId), rows.refused(reservationId)]);
  const acceptedAt = issuedRow?.issuedAt ?? refusedRow?.refusedAt;
  const knownCoupon = issuedRow?.couponId ?? refusedRow?.couponId;
  const find = <T extends { readonly reservationId: ReservationId }>(
    topic: Topic<T>,
    range: SearchRange,
    timeOf?: (value: T) => number,
  ) => {
    const sorted = timeOf === undefined ? undefined : { at: range.fromMs, timeOf };
    return findRecord(ports, topic, reservationId, range, (value) => value.reservationId, sorted);
  };
  const request = await find(couponIssueRequests, requestRange(reservationId, acceptedAt, knownCoupon));
  const couponId = knownCoupon ?? request.found?.value.couponId;
  const userId = issuedRow?.userId ?? refusedRow?.userId ?? request.found?.value.userId;
  // Everything about a request is written after it was accepted, to the partition of its coupon; verdicts say when that was.
  const after = { fromMs: request.found?.at ?? acceptedAt ?? ports.now(), ...partitionOf(couponId) };
  const nowhere = { isWhole: request.isWhole };
  const isKnown = couponId !== undefined;
  const [issued, refused, compensated, letters, coupon, unit, holder] = await Promise.all([
    isKnown ? find(couponsIssued, after, ({ issuedAt }) => issuedAt) : nowhere,
    isKnown ? find(couponsRefused, after, ({ refusedAt }) => refusedAt) : nowhere,
    isKnown ? find(couponsCompensated, after) : nowhere,
    request.found && lettersOf(ports, couponIssuing.graph.name, originOf(couponIssueRequests.name, request.found)),
    isKnown ? rows.coupon(couponId) : undefined,
    isKnown ? ports.away.orElse(undefined, () => readUnit(ports.redis, couponId, reservationId)) : undefined,
    isKnown && userId !== undefined ? rows.holder(couponId, userId) : undefined,
  ]);
  return {
    ...{ reservationId, now: ports.now(), request, issuedRow, refusedRow },
    committed: request.found && offsets[request.found.partition],
    ...{ issued, refused, compensated, letters, coupon, unit, holder },
  };
};

/** A row says to the millisecond when its request was accepted; without one the id says when it was made. */
const requestRange = (
  id: ReservationId,
  acceptedAt: number | undefined,
  couponId: CouponId | undefined,
): SearchRange =>
  acceptedAt === undefined
    ? { fromMs: (madeAt(id) ?? 0) - clockSlackMs }
    : { fromMs: acceptedAt, toMs: acceptedAt + 1, ...partitionOf(couponId) };

const partitionOf = (couponId: CouponId | undefined): { readonly partition?: number } =>
  couponId === undefined ? {} : { partition: partitionOfKey(Buffer.from(couponId), couponIssueRequests.partitions) };
