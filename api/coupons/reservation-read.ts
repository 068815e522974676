/** Reading a reservation: what its owner is answered, by polling and by events alike. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { OwnedVerdict } from "../../processors/coupons/coupon-ports.ts";
import type { ReservationId } from "../../schemas/coupon.ts";
import type { ApiClock } from "../http/clock.ts";
import { Problem, retryAfter, wrongField } from "../http/problems/problems.ts";
import { fieldsOf } from "../http/request/fields.ts";
import { callerOf } from "../http/request/guards.ts";
import { reservationIdFrom } from "../http/request/ids.ts";
import type { Slots } from "../http/request/in-flight.ts";
import { textOfMoment } from "../http/request/moment.ts";
import type { QueuePosition } from "./queue-position.ts";
import type { QueueWatch } from "./queue-watch.ts";
import { mintedAtMs, type ReservationIds } from "./reservation-id.ts";
import type { VerdictWatch } from "./verdict-watch.ts";

/** What reading needs. */
export interface ReservationReads {
  readonly ids: ReservationIds;
  readonly watch: VerdictWatch;
  /** Where requests stand; undefined where that is not told. */
  readonly queue: QueueWatch | undefined;
  /** Of which each user may have some, and no more. */
  readonly slots: Slots;
  readonly retryAfterSeconds: number;
  /** How long refusals are kept, ms, by the clock. */
  readonly refusalsKeptMs: number;
  readonly clock: ApiClock;
}

/** The id in a request's path. @throws Problem `validation` */
export const readReservationId = (request: FastifyRequest): ReservationId => {
  const id = reservationIdFrom(fieldsOf(request.params)["reservationId"]);
  if (id === undefined) throw wrongField("validation", "reservationId", "must be a UUIDv7 in lower case");
  return id;
};

/** Takes a slot of the caller; call the answer once. @throws Problem `too-many-requests` */
export const takeSlot = (request: FastifyRequest, { slots, retryAfterSeconds }: ReservationReads): (() => void) => {
  const leave = slots.take(callerOf(request).userId);
  if (leave !== undefined) return leave;
  const detail = "The caller has as many reads open as one user may have; answer comes to those first.";
  throw new Problem("too-many-requests", { detail, headers: retryAfter({ retryAfterSeconds }) });
};

/** A question about one reservation. */
export interface ReservationQuestion {
  readonly id: ReservationId;
  /** How long to wait for a verdict. */
  readonly waitMs: number;
}

/**
 * The caller's verdict, or null while there is none. Another user's, and an id that was never minted for the
 * caller, are the same `not-found`: no caller learns what exists.
 * @throws Problem @throws WatchFull @throws Unavailable
 */
export const verdictFor = async (
  request: FastifyRequest,
  reply: FastifyReply,
  { ids, watch, clock, refusalsKeptMs, id, waitMs }: ReservationReads & ReservationQuestion,
): Promise<OwnedVerdict | null> => {
  const { userId } = callerOf(request);
  const minted = ids.mintedFor(id, userId);
  // An id that does not prove to be the caller's is looked up once (the secret may have been renewed) and never waited for.
  const asked = watch.ask({ reservationId: id, waitMs: minted ? waitMs : 0 });
  reply.raw.once("close", asked.leave);
  const verdict = await asked.verdict.finally(() => reply.raw.off("close", asked.leave));
  if (verdict === null && minted && clock.now() - mintedAtMs(id) > refusalsKeptMs) {
    throw new Problem("reservation-forgotten", {
      detail: "The reservation got no coupon. Why it was refused is no longer kept.",
    });
  }
  if (verdict === null ? minted : verdict.userId === userId) return verdict;
  throw new Problem("not-found", { detail: "The caller has no such reservation." });
};

/** A reservation without a verdict as its owner is told. */
export const pendingAnswer = (id: ReservationId, position?: QueuePosition): Readonly<Record<string, unknown>> => ({
  reservationId: id,
  status: "pending",
  ...(position !== undefined && { queue: position }),
});

/** A verdict as the owner of its reservation is told. */
export const verdictAnswer = (id: ReservationId, verdict: OwnedVerdict): Readonly<Record<string, unknown>> => {
  const { couponId, kind } = verdict;
  switch (verdict.kind) {
    case "issued":
      return {
        reservationId: id,
        couponId,
        status: kind,
        policyId: verdict.policyId,
        issuedAt: textOfMoment(verdict.issuedAt),
        expiresAt: textOfMoment(verdict.expiresAt),
      };
    case "refused":
      return { reservationId: id, couponId, status: kind, reason: verdict.reason };
  }
};
