/** What is read of coupons, in flat memory: of each record and row, what the claims compare. */
import { double, record, string, symbols } from "../../engine/avro/avro.ts";
import {
  type CouponId,
  type CouponRefused,
  refusalReasons,
  type ReservationId,
  type UserId,
} from "../../schemas/coupon.ts";
import type { Accepted, VerdictRow } from "./facts.ts";
import { PackedRows } from "./rows/packed-rows.ts";

const couponId = string<CouponId>();
const reason = symbols("Reason", refusalReasons);
// Numbers are doubles: a table may have any safe integer, and Avro's long here ends at 2^53 - 2.
const Place = record("verify.v1.Place", { couponId, partition: double(), offset: double() });
const IssuedRow = record("verify.v1.IssuedRow", { couponId, userId: string<UserId>(), issuedAt: double() });
const RefusedRow = record("verify.v1.RefusedRow", { couponId, reason, refusedAt: double() });
const IssuedEvent = record("verify.v1.IssuedEvent", { couponId });
const RefusedEvent = record("verify.v1.RefusedEvent", { couponId, reason });

/** Requests, with their places. */
export const acceptedRows = () =>
  new PackedRows({
    schema: Place,
    // An offset is far below 2^53.
    pack: ({ request, partition, offset }: Accepted) => ({
      couponId: request.couponId,
      partition,
      offset: Number(offset),
    }),
    unpack: ({ offset, partition, ...request }, reservationId: ReservationId): Accepted => ({
      request: { reservationId, ...request },
      partition,
      offset: BigInt(offset),
    }),
  });

type Verdict<Kind> = Extract<VerdictRow, { readonly kind: Kind }>;

/** Rows of user coupons. */
export const issuedRows = () =>
  new PackedRows({
    schema: IssuedRow,
    pack: (row: Verdict<"issued">) => row,
    unpack: (kept, _: ReservationId): Verdict<"issued"> => ({ kind: "issued", ...kept }),
  });

/** Rows of refusals. */
export const refusedRows = () =>
  new PackedRows({
    schema: RefusedRow,
    pack: (row: Verdict<"refused">) => row,
    unpack: (kept, _: ReservationId): Verdict<"refused"> => ({ kind: "refused", ...kept }),
  });

/** Published events that say yes. */
export const issuedEvents = () =>
  new PackedRows({
    schema: IssuedEvent,
    pack: (event: { readonly couponId: CouponId }) => event,
    unpack: (kept, _: ReservationId) => kept,
  });

/** Published events that say no. */
export const refusedEvents = () =>
  new PackedRows({
    schema: RefusedEvent,
    pack: (event: Pick<CouponRefused, "couponId" | "reason">) => event,
    unpack: (kept, _: ReservationId) => kept,
  });
