/**
 * Reservation ids that prove for whom they were minted (ADR 0003): a UUIDv7 whose last 42 bits are a keyed tag of the
 * rest and of the user.
 *
 * | bits    | 48      | 4       | 12     | 2       | 20     | 42  |
 * |---------|---------|---------|--------|---------|--------|-----|
 * | content | time ms | version | random | variant | random | tag |
 */
import { hkdfSync, timingSafeEqual } from "node:crypto";
import type { ReservationId, UserId } from "../../schemas/coupon.ts";
import { checkSecret } from "../tokens/secret.ts";
import { shortHmac } from "./short-hmac.ts";

/** Bytes of randomness one id takes: 32 bits. Two ids are equal only for the same user in the same millisecond. */
export const randomBytesPerId = 4;

const idBytes = 16;
/** The first ten bytes, and of the eleventh all but the two lowest bits: what the tag vouches for. */
const vouchedBytes = 11;
/** The tag is the last 42 bits: two of byte 10, and bytes 11 to 15. */
const tagMask = 0b11;

/** Mints ids and recognises them. */
export interface ReservationIds {
  /** An id for this user. `nowMs` is epoch ms; the first four of `random` are used. Takes about 1 us (measured on one core). */
  readonly mint: (userId: UserId, nowMs: number, random: Uint8Array) => ReservationId;
  /** Whether an id was minted, with the same secret or a former one, for this user. Constant time in the tag. */
  readonly mintedFor: (id: ReservationId, userId: UserId) => boolean;
}

/**
 * Ids under a key derived from the token secret (HKDF-SHA256, so that a tag reveals nothing about token signatures). Those
 * minted under one of `formerSecrets` are recognised too: what was accepted before a rotation is its user's until it is decided.
 * @throws Fatal (WEAK_SECRET) below 32 bytes.
 */
export const createReservationIds = (
  tokenSecret: Uint8Array,
  formerSecrets: readonly Uint8Array[] = [],
): ReservationIds => {
  const own = idsOf(tokenSecret);
  const former = formerSecrets.map(idsOf);
  return {
    mint: own.mint,
    mintedFor: (id, userId) => own.mintedFor(id, userId) || former.some(({ mintedFor }) => mintedFor(id, userId)),
  };
};

/** One id's bytes, as they are told and as they should be: used by one call at a time, so that a check makes no objects. */
const told = Buffer.alloc(idBytes);
const expected = Buffer.alloc(idBytes);

const idsOf = (tokenSecret: Uint8Array): ReservationIds => {
  checkSecret(tokenSecret);
  const derived = hkdfSync("sha256", tokenSecret, "", "sluice/reservation-id/v1", 32);
  const hmac = shortHmac(Buffer.from(derived), vouchedBytes);
  /** Writes the tag into the last 42 bits, which must be zero up to the end of the eleventh byte. */
  const writeTag = (bytes: Buffer, userId: UserId): void => {
    const tag = hmac(bytes, userId);
    bytes[vouchedBytes - 1] = (bytes[vouchedBytes - 1] ?? 0) | (tag.charCodeAt(0) & tagMask);
    for (let at = vouchedBytes; at < idBytes; at++) bytes[at] = tag.charCodeAt(1 + at - vouchedBytes);
  };

  return {
    mint: (userId, nowMs, random) => {
      const bytes = Buffer.alloc(idBytes);
      bytes.writeUIntBE(nowMs, 0, 6);
      bytes[6] = 0x70 | ((random[0] ?? 0) & 0x0f);
      bytes[7] = random[1] ?? 0;
      bytes[8] = 0x80 | ((random[2] ?? 0) & 0x3f);
      bytes[9] = random[3] ?? 0;
      // The six bits that bytes 6 and 8 had no room for: four of the first, two of the third.
      bytes[10] = ((random[0] ?? 0) & 0xf0) | (((random[2] ?? 0) >> 4) & 0b1100);
      writeTag(bytes, userId);
      return textOf(bytes);
    },
    mintedFor: (id, userId) => {
      if (!readHex(id, told)) return false;
      expected.set(told);
      expected[vouchedBytes - 1] = (expected[vouchedBytes - 1] ?? 0) & ~tagMask;
      writeTag(expected, userId);
      return timingSafeEqual(told, expected);
    },
  };
};

const dash = 0x2d;
/** What a character is worth as a hexadecimal digit, by its code; 16 where it is none. */
const digitValues = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? 16 : value;
});

/** Reads the digits of a text, dashes left out, into as many bytes; false where there are others, fewer or more. */
const readHex = (text: string, into: Buffer): boolean => {
  let digits = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === dash) continue;
    const value = digitValues[code] ?? 16;
    const byte = digits >> 1;
    if (value > 15 || byte === into.length) return false;
    into[byte] = digits % 2 === 0 ? value << 4 : (into[byte] ?? 0) | value;
    digits++;
  }
  return digits === 2 * into.length;
};

/** When an id was minted, epoch ms: what its first 48 bits say. */
export const mintedAtMs = (id: ReservationId): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

const textOf = (bytes: Buffer): ReservationId => {
  const hex = bytes.toString("hex");
  const text = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  // Checked by construction: version and variant bits are set above, and hex is lower case.
  return text as ReservationId;
};
