/**
 * Accepting a reservation: bind the idempotency key if there is one, write the record, and say yes only when the log
 * has acknowledged it. What can go wrong on the way, and what is answered:
 *
 * - too much is queued already: `overloaded`, before anything is claimed or queued;
 * - the key store is away: `unavailable`, nothing is queued; the key may be bound, so that a retry gets that id;
 * - the key was used for something else: `idempotency-key-reused`;
 * - the log is slow, cut off before or after it took the record, or closing: `outcome-unknown`, never a yes and never
 *   a no. The same key again gets the same reservation id, and a record that is written twice is decided once;
 * - acknowledged, and the answer to the client is lost: as before, a retry with the key finds the same reservation.
 */
import { hash } from "node:crypto";
import type { IdempotencyKeys, KeyAnswer, KeyClaim } from "../../processors/coupons/coupon-ports.ts";
import { headersOfTrace } from "../../engine/tracing/trace-context.ts";
import { Poison } from "../../engine/errors.ts";
import type { NewRecord, TopicPartition } from "../../engine/log/log.ts";
import type { Producer } from "../../engine/log/producer.ts";
import type { RandomBytes } from "../../engine/random-pool.ts";
import {
  type CouponId,
  type CouponIssueRequested,
  couponIssueRequests,
  type PolicyId,
  type ReservationId,
  type UserId,
} from "../../schemas/coupon.ts";
import { type Coalesced, coalesce } from "../http/coalesce.ts";
import { DeadlinePassed, within } from "../http/deadline.ts";
import type { ApiMetrics, ApiSettings } from "../http/parameters.ts";
import type { ApiClock } from "../http/clock.ts";
import { overloaded, Problem, retryAfter, wrongField } from "../http/problems/problems.ts";
import { type RecordPlace, textOfPlace } from "./queue-position.ts";
import { type ReservationIds, randomBytesPerId } from "./reservation-id.ts";

/** A verified wish for one coupon. */
export interface ReservationWish {
  readonly couponId: CouponId;
  readonly userId: UserId;
  readonly policyId: PolicyId | null;
  /** The client's `Idempotency-Key`, 1 to 255 visible ASCII characters. */
  readonly idempotencyKey: string | undefined;
  /** The `traceparent` that its record carries; undefined where its trace is not recorded. */
  readonly traceparent?: string | undefined;
}

/** A wish that is in the log. */
export interface Accepted {
  readonly reservationId: ReservationId;
  /** Where its record is; of a request that came again, where the latest one is. Undefined where the log did not say. */
  readonly at: RecordPlace | undefined;
}

/** What accepting needs. */
export interface AcceptParameters {
  readonly idempotencyKeys: IdempotencyKeys;
  readonly producer: Producer;
  readonly encodeRequest: (value: CouponIssueRequested) => Buffer;
  readonly ids: ReservationIds;
  readonly clock: ApiClock;
  readonly randomBytes: RandomBytes;
  readonly metrics: ApiMetrics;
  readonly settings: ApiSettings;
}

/** Claims in one call of the port; a limit of its statement's size. */
const maxClaims = 1_000;

/**
 * Accepts wishes, any number at once; answers when its record is in the log.
 * @throws Problem `overloaded`, `idempotency-key-reused`, `outcome-unknown`
 * @throws Unavailable, DeadlinePassed where nothing was written
 */
export const createAccept = (parameters: AcceptParameters): ((wish: ReservationWish) => Promise<Accepted>) => {
  const { producer, settings, idempotencyKeys, ids, clock, randomBytes } = parameters;
  const claims = coalesce<KeyClaim, KeyAnswer>(idempotencyKeys.claim, { maxItems: maxClaims });
  return async (wish) => {
    const backlogRecords = producer.backlogRecords() + claims.waiting();
    if (backlogRecords >= settings.maxBacklogRecords) {
      const { maxBacklogRecords } = settings;
      const detail = `Nothing was accepted: ${maxBacklogRecords} or more requests are waiting to be written.`;
      throw overloaded(detail, settings);
    }
    return accept({
      parameters,
      claims,
      wish,
      minted: ids.mint(wish.userId, clock.now(), randomBytes(randomBytesPerId)),
    });
  };
};

interface Accepting {
  readonly parameters: AcceptParameters;
  readonly claims: Coalesced<KeyClaim, KeyAnswer>;
  readonly wish: ReservationWish;
  readonly minted: ReservationId;
}

const accept = async (accepting: Accepting): Promise<Accepted> => {
  const { parameters, claims, wish, minted } = accepting;
  const { clock, producer, metrics, settings } = parameters;
  // Set when the record is handed over: from then on, only an acknowledgement says what became of it.
  let handedOver: ReservationId | undefined;
  try {
    return await within(clock, settings.acknowledgeTimeoutMs, async (deadline) => {
      const reservationId = wish.idempotencyKey === undefined ? minted : await bind(claims, wish, minted);
      // Its client has been answered that nothing was written.
      if (deadline.passed()) return { reservationId, at: undefined };
      const { to, record } = recordOf(parameters, wish, reservationId);
      const handedOverAt = clock.now();
      handedOver = reservationId;
      const offset = await producer.produce(to, [record]);
      metrics.accepted(Math.max(0, clock.now() - handedOverAt));
      return { reservationId, at: offset === undefined ? undefined : { partition: to.partition, offset } };
    });
  } catch (error) {
    // Poison: the log will never take the record, and has not.
    if (handedOver === undefined || error instanceof Poison) throw error;
    throw outcomeUnknown(handedOver, { wish, settings, error });
  }
};

/** The reservation that the client's key identifies. */
const bind = async (
  claims: Accepting["claims"],
  wish: ReservationWish,
  minted: ReservationId,
): Promise<ReservationId> => {
  const { couponId, userId, policyId, idempotencyKey: key = "" } = wish;
  // JSON, so that no two wishes can spell the same text. An absent policy and an empty body are the same wish.
  const fingerprint = hash("sha256", JSON.stringify([couponId, policyId]), "buffer");
  const answer = await claims.ask({ userId, key, fingerprint, reservationId: minted });
  if (answer.kind === "bound") return answer.reservationId;
  throw wrongField("idempotency-key-reused", "Idempotency-Key", "was used for another coupon or policy; use a new key");
};

const recordOf = (
  { producer, encodeRequest, clock }: AcceptParameters,
  { couponId, userId, policyId, traceparent }: ReservationWish,
  reservationId: ReservationId,
): { readonly to: TopicPartition; readonly record: NewRecord } => {
  const value: CouponIssueRequested = { reservationId, couponId, userId, policyId, requestedAt: clock.now() };
  const key = Buffer.from(couponIssueRequests.key(value));
  const topic = couponIssueRequests.name;
  const record = { key, value: encodeRequest(value) };
  return {
    to: { topic, partition: producer.partitionOf(topic, key) },
    record: traceparent === undefined ? record : { ...record, headers: headersOfTrace(traceparent) },
  };
};

const outcomeUnknown = (
  reservationId: ReservationId,
  {
    wish,
    settings,
    error,
  }: { readonly wish: ReservationWish; readonly settings: ApiSettings; readonly error: unknown },
): Problem => {
  const waited = error instanceof DeadlinePassed ? ` within ${settings.acknowledgeTimeoutMs} ms` : "";
  const retry =
    wish.idempotencyKey === undefined
      ? "Without an Idempotency-Key a retry is another request, of which at most one gets the coupon; ask for this reservation first."
      : "A retry with the same Idempotency-Key is safe: it is the same reservation.";
  return new Problem(
    "outcome-unknown",
    {
      detail: `The log did not acknowledge the request${waited}; it may be accepted, or may not. ${retry}`,
      reservationId,
      headers: { ...retryAfter(settings), location: reservationPath(reservationId) },
    },
    { cause: error },
  );
};

/** Where a reservation is asked for, with the place of its record where that is known. */
export const reservationPath = (reservationId: ReservationId, at?: RecordPlace): string =>
  `/v1/reservations/${reservationId}${at === undefined ? "" : `?place=${textOfPlace(at)}`}`;
