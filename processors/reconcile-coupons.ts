/**
 * Brings the gate back to what the database says: a counter that differs, and marks that no issued coupon stands for. A
 * flush and a redelivery take a unit twice, an old snapshot brings back what is past, a record given up on in doubt
 * leaves its mark.
 */
import type { CouponId, ReservationId } from "../schemas/coupon.ts";
import type { CouponCatalog, Take, VerdictLookup } from "./coupon-ports.ts";

/** Some marks of a coupon, and where the next ones are. */
export interface MarkPage {
  readonly marks: readonly Take[];
  /** Undefined where these were the last. */
  readonly next: string | undefined;
}

/** A look into the gate, and the one way to change it other than by taking and giving back. */
export interface GateRepair {
  /** Units left of those coupons that have a counter. @throws Unavailable */
  readonly left: (couponIds: readonly CouponId[]) => Promise<ReadonlyMap<CouponId, number>>;
  /** About a thousand marks from `cursor` on; each mark that stays is in some page. @throws Unavailable */
  readonly marks: (couponId: CouponId, cursor: string | undefined) => Promise<MarkPage>;
  /**
   * Sets the counter and drops the marks that are still these very ones, atomically; nothing where there is no counter.
   * Idempotent. @throws Unavailable @throws Fenced
   */
  readonly repair: (couponId: CouponId, to: { readonly left: number; readonly drop: readonly Take[] }) => Promise<void>;
}

/** What reconciling reads and writes; `gate` is bound to the lease it is done by. */
export interface ReconcilePorts {
  readonly catalog: Pick<CouponCatalog, "remaining">;
  readonly verdicts: VerdictLookup;
  readonly gate: GateRepair;
}

/** What was set right. */
export interface Repair {
  readonly couponId: CouponId;
  /** What the counter said, and what it says now. */
  readonly left: number;
  readonly remaining: number;
  /** Marks that no issued coupon stands for. */
  readonly dropped: readonly Take[];
}

/**
 * Runs a slice of work while nothing of the coupon is in flight and nobody else may write for it; undefined where the
 * coupon is not ours any more.
 */
export type Alone = <T>(slice: (ports: ReconcilePorts) => Promise<T>) => Promise<T | undefined>;

/**
 * Of these coupons, by how much the counter of each differs from the database; those without a counter, and those that
 * agree, are absent. What is in flight differs too: only a difference that stays is an error.
 */
export const differences = async (
  { catalog, gate }: Pick<ReconcilePorts, "catalog"> & { readonly gate: Pick<GateRepair, "left"> },
  couponIds: readonly CouponId[],
): Promise<ReadonlyMap<CouponId, number>> => {
  const [left, remaining] = await Promise.all([gate.left(couponIds), catalog.remaining(couponIds)]);
  return new Map(
    [...left].flatMap(([couponId, units]) => {
      const truth = remaining.get(couponId);
      return truth === undefined || truth === units ? [] : [[couponId, units - truth] as const];
    }),
  );
};

/**
 * Sets one coupon right; undefined where it is in order, or not ours. While nothing of it is in flight the truth is
 * simple: the counter is what remains in the database, and only issued coupons have marks. The counter is set first: a mark
 * that should not be there then counts as a free unit, which the database makes good, where the other way round
 * the coupon would seem sold out. Marks follow page by page, with rounds in between, so that a coupon with a million of
 * them is not held up for seconds; each page sets the counter again.
 * @throws Unavailable @throws Fenced
 */
export const reconcileCoupon = async (couponId: CouponId, alone: Alone): Promise<Repair | undefined> => {
  const seen = await alone(async (ports) => {
    const [left, remaining] = await bothOf(ports, couponId);
    if (left === undefined || remaining === undefined || left === remaining) return undefined;
    await ports.gate.repair(couponId, { left: remaining, drop: [] });
    return { left, remaining };
  });
  if (seen === undefined) return undefined;
  const dropped: Take[] = [];
  let cursor: string | undefined;
  do {
    const page = await alone((ports) => reconcilePage(ports, couponId, cursor));
    dropped.push(...(page?.dropped ?? []));
    cursor = page?.next;
  } while (cursor !== undefined);
  return { couponId, ...seen, dropped };
};

const bothOf = async ({ catalog, gate }: ReconcilePorts, couponId: CouponId) => {
  const [left, remaining] = await Promise.all([gate.left([couponId]), catalog.remaining([couponId])]);
  return [left.get(couponId), remaining.get(couponId)] as const;
};

const reconcilePage = async (ports: ReconcilePorts, couponId: CouponId, cursor: string | undefined) => {
  const { marks, next } = await ports.gate.marks(couponId, cursor);
  const verdicts = await ports.verdicts.find(marks.map(({ reservationId }) => reservationId));
  const dropped = marks.filter((mark) => !standsFor(verdicts, mark));
  if (dropped.length === 0) return { dropped, next };
  const remaining = (await ports.catalog.remaining([couponId])).get(couponId);
  if (remaining !== undefined) await ports.gate.repair(couponId, { left: remaining, drop: dropped });
  return { dropped, next };
};

const standsFor = (
  verdicts: Awaited<ReturnType<VerdictLookup["find"]>>,
  { reservationId, couponId }: { readonly reservationId: ReservationId; readonly couponId: CouponId },
): boolean => {
  const verdict = verdicts.get(reservationId);
  return verdict?.kind === "issued" && verdict.couponId === couponId;
};

/**
 * Tells which coupons to set right: those whose counter differed from the database by the same amount twice running, with
 * something in between. What is in flight makes a difference that changes; one that stays is an error. Remembers coupons
 * until they agree, so its size is that of what differs.
 */
export const createSuspicion = (
  ports: Parameters<typeof differences>[0],
): ((couponIds: readonly CouponId[]) => Promise<readonly CouponId[]>) => {
  let last: ReadonlyMap<CouponId, number> = new Map();
  return async (couponIds) => {
    const seen = last;
    const found = await differences(ports, [...new Set([...couponIds, ...seen.keys()])]);
    last = found;
    return [...found].flatMap(([couponId, by]) => (seen.get(couponId) === by ? [couponId] : []));
  };
};
