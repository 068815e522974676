/**
 * Who was issued a coupon lately, as a suspicion: users who ask twice do so within seconds, and a round that meets one
 * unawares is decided twice. A table of hashes, each in the place its other half names: a later user may take the place of an
 * earlier one, and two may look alike. So an answer of no may be wrong, as may be one of yes; whoever asks decides by the database.
 */
import type { Take } from "../../../processors/coupons/coupon-ports.ts";

/** Places of the table: 2^18 of 4 bytes, a megabyte a partition; some eight seconds of a coupon issued 30,000 times a second. */
const places = 2 ** 18;

/** A memory of users and coupons. */
export interface RecentHolders {
  readonly remember: (take: Pick<Take, "couponId" | "userId">) => void;
  readonly suspects: (take: Pick<Take, "couponId" | "userId">) => boolean;
}

/** Nobody yet. */
export const createRecentHolders = (): RecentHolders => {
  const table = new Uint32Array(places);
  return {
    remember: (take) => {
      const hash = hashOf(take);
      table[hash % places] = hash;
    },
    suspects: (take) => {
      const hash = hashOf(take);
      return table[hash % places] === hash;
    },
  };
};

/** FNV-1a over both ids; 0 is the empty place, and nobody's. */
const hashOf = ({ couponId, userId }: Pick<Take, "couponId" | "userId">): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < couponId.length; at++) hash = Math.imul(hash ^ couponId.charCodeAt(at), 0x01000193);
  for (let at = 0; at < userId.length; at++) hash = Math.imul(hash ^ userId.charCodeAt(at), 0x01000193);
  // The last characters differ most; without this they would reach the lower bits only.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0 || 1;
};
