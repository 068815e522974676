/** What an id must look like before it goes near a store; both adapters refuse the same ones, before anything is held. */
import type { Take } from "../processors/coupons/coupon-ports.ts";
import { Poison } from "../engine/errors.ts";
import type { ReservationId } from "../schemas/coupon.ts";
import { idMaxLength, isStorableId, isStorableUserId, isUuid, userIdMaxLength } from "../schemas/ids.ts";
import type { OrderId, PaymentId } from "../schemas/payment.ts";

/** Ids that are kept in 16 bytes. */
export type Uuid = ReservationId | OrderId | PaymentId;

/**
 * Refuses a record whose ids no store can keep.
 * @throws Poison naming the reservation.
 */
export const checkTake = ({ reservationId, couponId, userId }: Take): void => {
  if (!isUuid(reservationId)) throw badId(reservationId, "reservation", reservationId, "a UUID in lower case");
  if (!isStorableId(couponId)) throw badId(reservationId, "coupon", couponId, textOfUpTo(idMaxLength));
  if (!isStorableUserId(userId)) throw badId(reservationId, "user", userId, textOfUpTo(userIdMaxLength));
};

const textOfUpTo = (maxLength: number): string => `1 to ${maxLength} characters of well-formed text`;

const badId = (idempotencyKey: string, what: string, got: string, expected: string): Poison =>
  new Poison(
    "BAD_ID",
    `${what} id of reservation ${idempotencyKey.slice(0, 36)}: expected ${expected}, got ${JSON.stringify(got.slice(0, 80))}`,
    {
      idempotencyKey,
    },
  );

/** The order of texts by their UTF-16 code units, for a sort: one order for all processes. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const hexText = Buffer.alloc(32);
const dash = 0x2d;

/**
 * The 32 hexadecimal digits of a checked id: what UNHEX() turns into the 16 bytes on disk. Copied digit by digit into one buffer: a
 * sum of slices is nine objects, 220 bytes, and is copied again when it is first read; this is one of 48.
 */
export const hexOf = (id: Uuid): string => {
  putHex(hexText, 0, id);
  return hexText.toString("latin1");
};

/** Writes the 32 hexadecimal digits of a checked id, as ASCII. */
export const putHex = (target: Buffer, start: number, id: Uuid): void => {
  let to = start;
  for (let at = 0; at < id.length; at++) {
    const digit = id.charCodeAt(at);
    if (digit !== dash) target[to++] = digit;
  }
};

/** The 16 bytes of a checked id, as they are on disk. */
export const bytesOf = (id: Uuid): Buffer => Buffer.from(hexOf(id), "hex");

const uuidText = Buffer.alloc(36, "-");
const hexDigits = Buffer.from("0123456789abcdef");
/** Where the two digits of each of the 16 bytes are. */
const digitsAt = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;

/**
 * The UUID of 16 bytes read back, in lower case. Written digit by digit into one buffer: measured, a third of what
 * slices of `toString("hex")` cost, because those are joined only when the text is first used as a key.
 */
export const uuidOf = (bytes: Buffer): string => {
  for (let n = 0; n < 16; n++) {
    const [byte, at] = [bytes[n] ?? 0, digitsAt[n] ?? 0];
    uuidText[at] = hexDigits[byte >> 4] ?? 0;
    uuidText[at + 1] = hexDigits[byte & 15] ?? 0;
  }
  return uuidText.toString("latin1");
};
