/** Reservation ids for loads that write requests to the topic themselves, past the API: workers refuse ids that it has not minted. */
import { randomBytes } from "node:crypto";
import { createReservationIds, randomBytesPerId } from "../api/coupons/reservation-id.ts";
import type { ReservationId, UserId } from "../schemas/coupon.ts";

/** A new id for a user. */
export type Mint = (userId: UserId) => ReservationId;

/** Mints with the token secret of the processes that will read the requests. @throws Fatal (WEAK_SECRET) below 32 bytes. */
export const mintWith = ({ tokenSecret }: { readonly tokenSecret: Uint8Array }): Mint => {
  const ids = createReservationIds(tokenSecret);
  return (userId) => ids.mint(userId, Date.now(), randomBytes(randomBytesPerId));
};
