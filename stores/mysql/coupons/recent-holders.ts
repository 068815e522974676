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
  /** Looks for those who ask for coupons. */
  readonly look: <T extends Pick<Take, "couponId" | "userId">>(takes: readonly T[]) => Looked<T>;
}

/** What was found. */
export interface Looked<T> {
  /** Those who seem to have what they ask for, in order. */
  readonly suspects: readonly T[];
  /** To be called where they were issued it: suspects them all from now on. Their ids are not read again for it. */
  readonly remember: () => void;
}

/** Nobody yet. */
export const createRecentHolders = (): RecentHolders => {
  const table = new Uint32Array(places);
  return {
    look: (takes) => {
      const hashes = hashesOf(takes);
      const remember = (): void => {
        for (const hash of hashes) table[hash % places] = hash;
      };
      return { suspects: suspectsAmong(takes, hashes, table), remember };
    },
  };
};

const hashesOf = (takes: readonly Pick<Take, "couponId" | "userId">[]): Uint32Array => {
  const hashes = new Uint32Array(takes.length);
  let at = 0;
  for (const take of takes) hashes[at++] = hashOf(take);
  return hashes;
};

const suspectsAmong = <T>(takes: readonly T[], hashes: Uint32Array, table: Uint32Array): readonly T[] => {
  const suspects: T[] = [];
  let at = 0;
  for (const take of takes) {
    const hash = hashes[at++] ?? 0;
    if (table[hash % places] === hash) suspects.push(take);
  }
  return suspects;
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
