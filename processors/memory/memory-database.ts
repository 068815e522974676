/**
 * The database of coupons in memory: what its ports share. They decide one record after the other and share no code with
 * `allocateCoupons`, so that for tests they are oracles: a fault of the rule shows as a difference.
 */
import type {
  CouponBook,
  CouponCatalog,
  CouponRegister,
  IdempotencyKeys,
  Issue,
  IssueAnswer,
  KeyAnswer,
  KeyClaim,
  OwnedVerdict,
  Refusal,
  Take,
  Verdict,
  VerdictLookup,
} from "../coupons/coupon-ports.ts";
import { Fenced, Poison } from "../../engine/errors.ts";
import type { Fence, LeasedPartition, Leases } from "../../engine/lease.ts";
import type { Coupon, CouponId, RefusalReason, ReservationId } from "../../schemas/coupon.ts";

/** Everything the database holds, to look at. Change it through the ports. */
export interface MemoryDatabase {
  readonly coupons: Map<CouponId, Coupon>;
  readonly remaining: Map<CouponId, number>;
  readonly verdicts: Map<ReservationId, OwnedVerdict>;
  /** Which reservation a user holds a coupon by; the key is the JSON of both ids. */
  readonly holders: Map<string, ReservationId>;
  /** Which claim bound an idempotency key; the key is the JSON of user and key. */
  readonly keys: Map<string, KeyClaim>;
  /** The epoch of each lease; the key is the JSON of topology, topic and partition. */
  readonly leases: Map<string, number>;
}

/** A database with these coupons, opened and untouched. */
export const memoryDatabase = (...coupons: readonly Coupon[]): MemoryDatabase => ({
  coupons: new Map(coupons.map((coupon) => [coupon.couponId, coupon])),
  remaining: new Map(coupons.map(({ couponId, stock }) => [couponId, stock])),
  verdicts: new Map(),
  holders: new Map(),
  keys: new Map(),
  leases: new Map(),
});

const pair = (...ids: readonly string[]): string => JSON.stringify(ids);

/** All or nothing, like a transaction: what threw half-way leaves no trace. */
const atomically = <T>(database: MemoryDatabase, work: () => T): T => {
  const { remaining, verdicts, holders } = database;
  const before = [
    new Map<unknown, unknown>(remaining),
    new Map<unknown, unknown>(verdicts),
    new Map<unknown, unknown>(holders),
  ];
  try {
    return work();
  } catch (error) {
    for (const [at, live] of [remaining, verdicts, holders].entries()) {
      live.clear();
      // The copy was made of this very map, so keys and values have its types.
      for (const [key, value] of before[at] ?? []) (live as Map<unknown, unknown>).set(key, value);
    }
    throw error;
  }
};

/** A {@link CouponBook} in memory: decides one record after the other. With a fence, nothing once the lease is another's. */
export const memoryCouponBook = (database: MemoryDatabase, fence?: Fence): CouponBook => {
  const round = <T, A>(asked: readonly T[], decide: (one: T) => A): readonly A[] => {
    refuseStale(database, fence);
    return atomically(database, () => asked.map(decide));
  };
  return {
    issue: async (issues) => {
      const answers = round(issues, (issue) => issueOne(database, issue));
      return { answers, remaining: remainingOf(database, issues) };
    },
    refuse: async (refusals) => round(refusals, (refusal) => refuseOne(database, renamed(database, refusal))),
  };
};

/** What is left of the coupons of a round. */
export const remainingOf = (
  { remaining }: Pick<MemoryDatabase, "remaining">,
  issues: readonly Pick<Issue, "couponId">[],
): ReadonlyMap<CouponId, number> =>
  pick(
    remaining,
    issues.map(({ couponId }) => couponId),
  );

/** Who has the coupon is refused as a duplicate, sold out or not. */
const renamed = ({ holders }: MemoryDatabase, refusal: Refusal): Refusal => {
  const holder = holders.get(pair(refusal.couponId, refusal.userId));
  const isDuplicate = refusal.reason === "SOLD_OUT" && holder !== undefined && holder !== refusal.reservationId;
  return isDuplicate ? { ...refusal, reason: "DUPLICATE" } : refusal;
};

const leaseKey = ({ topology, topic, partition }: LeasedPartition): string => pair(topology, topic, String(partition));

/** What the real database checks at the start of each transaction. @throws Fenced */
export const refuseStale = ({ leases }: MemoryDatabase, fence: Fence | undefined): void => {
  const found = fence && leases.get(leaseKey(fence));
  if (fence !== undefined && found !== fence.epoch) throw new Fenced(fence, found);
};

/** {@link Leases} in memory. */
export const memoryLeases = ({ leases }: MemoryDatabase): Leases => ({
  take: async ({ topology, topic, partition }, _holder, above = 0) => {
    const of = { topology, topic, partition };
    const epoch = Math.max(leases.get(leaseKey(of)) ?? 0, above) + 1;
    leases.set(leaseKey(of), epoch);
    return { ...of, epoch };
  },
});

const issueOne = (database: MemoryDatabase, issue: Issue): IssueAnswer => {
  const { couponId, userId, reservationId, policyId, issuedAt, expiresAt } = issue;
  const stored = verdictOf(database, issue);
  if (stored?.kind === "refused") return { kind: "decided", reason: stored.reason };
  if (stored) return { kind: "issued", issuedAt: stored.issuedAt, expiresAt: stored.expiresAt };
  const left = database.remaining.get(couponId);
  if (left === undefined) throw poison("COUPON_UNKNOWN", issue);
  const refuse = (reason: RefusalReason) => refuseOne(database, { ...issue, reason, refusedAt: issuedAt });
  if (database.holders.has(pair(couponId, userId))) {
    refuse("DUPLICATE");
    return { kind: "duplicate" };
  }
  if (left === 0) {
    refuse("SOLD_OUT");
    return { kind: "exhausted" };
  }
  database.remaining.set(couponId, left - 1);
  database.holders.set(pair(couponId, userId), reservationId);
  database.verdicts.set(reservationId, { kind: "issued", couponId, userId, policyId, issuedAt, expiresAt });
  return { kind: "issued", issuedAt, expiresAt };
};

const refuseOne = (database: MemoryDatabase, refusal: Refusal): Verdict => {
  const { couponId, userId, reservationId, reason, refusedAt } = refusal;
  const stored = verdictOf(database, refusal);
  if (stored === undefined) {
    database.verdicts.set(reservationId, { kind: "refused", couponId, userId, reason, refusedAt });
    return { kind: "refused", reason, refusedAt };
  }
  const { couponId: _coupon, userId: _user, ...verdict } = stored;
  return verdict;
};

const verdictOf = (database: MemoryDatabase, take: Take): OwnedVerdict | undefined => {
  const verdict = database.verdicts.get(take.reservationId);
  if (verdict && (verdict.couponId !== take.couponId || verdict.userId !== take.userId)) {
    throw poison("RESERVATION_REUSED", take);
  }
  return verdict;
};

const poison = (code: string, { reservationId, couponId }: Take): Poison =>
  new Poison(code, `reservation ${reservationId} for coupon ${couponId}`, { idempotencyKey: reservationId });

/** A {@link CouponCatalog} in memory. */
export const memoryCouponCatalog = ({ coupons, remaining }: MemoryDatabase): CouponCatalog => ({
  find: async (couponIds) => pick(coupons, couponIds),
  remaining: async (couponIds) => pick(remaining, couponIds),
});

/** A {@link VerdictLookup} in memory. */
export const memoryVerdictLookup = ({ verdicts }: MemoryDatabase): VerdictLookup => ({
  find: async (reservationIds) => pick(verdicts, reservationIds),
});

const pick = <K, V extends object | number>(from: ReadonlyMap<K, V>, keys: readonly K[]): ReadonlyMap<K, V> => {
  const found = new Map<K, V>();
  for (const key of keys) {
    const value = from.get(key);
    if (value !== undefined) found.set(key, value);
  }
  return found;
};

/** A {@link CouponRegister} in memory. */
export const memoryCouponRegister = ({ coupons, remaining }: MemoryDatabase): CouponRegister => ({
  open: async (coupon) => {
    const stored = coupons.get(coupon.couponId);
    if (stored !== undefined) return sameText(stored, coupon) ? "same" : "differs";
    coupons.set(coupon.couponId, coupon);
    remaining.set(coupon.couponId, coupon.stock);
    return "opened";
  },
});

/** Equal whatever the order of their fields. */
const sameText = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

const sorted = (value: unknown): unknown =>
  typeof value === "object" && value !== null
    ? Object.entries(value)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, field]) => [key, sorted(field)])
    : value;

/** {@link IdempotencyKeys} in memory. Never forgets. */
export const memoryIdempotencyKeys = ({ keys }: MemoryDatabase): IdempotencyKeys => {
  const claimOne = (claim: KeyClaim): KeyAnswer => {
    const name = pair(claim.userId, claim.key);
    const bound = keys.get(name) ?? claim;
    keys.set(name, bound);
    if (!bound.fingerprint.equals(claim.fingerprint)) return { kind: "mismatch" };
    return { kind: "bound", reservationId: bound.reservationId };
  };
  return { claim: async (claims) => claims.map(claimOne) };
};
