/** The gate and the database behind the simulated network: what a worker's steps are given. */
import type { CouponBook, CouponCatalog, CouponStock, Take } from "../../../processors/coupons/coupon-ports.ts";
import { Fenced } from "../../../engine/errors.ts";
import type { Fence, Leases } from "../../../engine/lease.ts";
import type { CouponId, ReservationId } from "../../../schemas/coupon.ts";
import type { MemoryCouponStock } from "../../../processors/memory/memory-coupon-stock.ts";
import { type MemoryDatabase, memoryCouponCatalog, memoryLeases } from "../../../processors/memory/memory-database.ts";
import { decidingBook } from "./book.ts";
import type { LeaseWatcher } from "./leasing.ts";
import type { Call, CallAbout, Decision, Network } from "../environment/network.ts";
import type { Process } from "../environment/process.ts";

/** What coupon issuing needs. */
export interface Stores {
  readonly stock: CouponStock;
  readonly catalog: CouponCatalog;
  readonly book: CouponBook;
}

/** What the stores of one process are reached through, and what they are. */
export interface StoreWorld {
  readonly network: Network;
  readonly leasing: LeaseWatcher;
  readonly database: MemoryDatabase;
  readonly gate: MemoryCouponStock;
  /** Called after every transaction. */
  readonly decided: () => void;
  /** Called for units that a compensation gave back. */
  readonly releasing: (reservationIds: readonly ReservationId[]) => void;
  /** Called for reservations that a take has given a unit. */
  readonly taking: (reservationIds: readonly ReservationId[]) => void;
  /** Called for coupons that were settled, with what the gate was told is left and the refused reservations whose units went back. */
  readonly settled: (remaining: ReadonlyMap<CouponId, number>, refused: readonly ReservationId[]) => void;
}

/** The stores as the holder of a lease in one process sees them. */
export const storesOf =
  (from: Process, world: StoreWorld) =>
  (fence: Fence): Stores => ({
    stock: stockOf(from, world, fence),
    catalog: catalogOf(from, world),
    book: bookOf(from, world, fence),
  });

/** The leases as one process sees them. */
export const leasesOf = (from: Process, { network, database, leasing }: StoreWorld): Leases => {
  const leases = memoryLeases(database);
  return {
    take: async (partition, holder, above) => {
      leasing.taking(from, partition);
      const fence = await network.call({
        from,
        to: "database",
        kind: "effect",
        what: () => `take the lease of ${partition.topic}/${partition.partition}`,
        about: [],
        effect: async () => {
          const granted = await leases.take(partition, holder, above);
          leasing.granted(from, granted);
          return granted;
        },
        inWords: ({ epoch }) => `epoch ${epoch}`,
      });
      leasing.taken(from, partition);
      return fence;
    },
  };
};

type Asked = { readonly couponId: string; readonly reservationId: ReservationId; readonly userId: string };

/** A call as its process asks for it, under the epoch that its lease has then: `effect` answers which coupons it changed. */
type FencedCall<T> = Omit<Call<T>, "from" | "effect"> & {
  readonly effect: (fence: Fence) => Promise<{ readonly answer: T; readonly changed: readonly string[] }>;
};

/** Sends a call under the lease's epoch, and has the leases' watcher see what came of it. */
export const fencedCall =
  (from: Process, { network, leasing }: StoreWorld, lease: Fence) =>
  async <T>({ effect, ...about }: FencedCall<T>): Promise<T> => {
    const fence = { ...lease };
    const run = async (): Promise<T> => {
      const { answer, changed } = await effect(fence);
      const done = { from, fence, what: about.what, coupons: changed };
      if (about.to === "redis") leasing.gateChanged(done);
      else leasing.databaseChanged(done);
      return answer;
    };
    try {
      return await network.call({ ...about, from, effect: run });
    } catch (error) {
      if (error instanceof Fenced) leasing.refused(from, fence);
      throw error;
    }
  };

const stockOf = (from: Process, world: StoreWorld, lease: Fence): CouponStock => {
  const { gate, releasing, settled, taking } = world;
  const call = fencedCall(from, world, lease);
  const known = (couponIds: readonly string[]): readonly string[] =>
    couponIds.filter((couponId) => gate.counters.has(couponId as CouponId));
  const isHeld = ({ couponId, reservationId }: Take): boolean =>
    gate.counters.get(couponId)?.marks.has(reservationId) === true;
  return {
    reserve: (takes) =>
      call({
        to: "redis",
        kind: "effect",
        what: () => `reserve ${listed(takes)}`,
        about: couponsOf(takes),
        effect: async (fence) => {
          const free = takes.filter((take) => !isHeld(take));
          const answer = await gate.under(fence).reserve(takes);
          taking(free.filter(isHeld).map(({ reservationId }) => reservationId));
          return { answer, changed: known(couponsOf(takes)) };
        },
        inWords: (answers) => tally(answers),
      }),
    release: (takes) =>
      call({
        to: "redis",
        kind: "effect",
        what: () => `release ${listed(takes)}`,
        about: couponsOf(takes),
        decides: () => decisions("release", takes),
        effect: async (fence) => {
          const held = takes.filter(isHeld);
          const answer = await gate.under(fence).release(takes);
          releasing(held.map(({ reservationId }) => reservationId));
          return { answer, changed: known(couponsOf(takes)) };
        },
      }),
    initialise: (counters) =>
      call({
        to: "redis",
        kind: "effect",
        what: () => `initialise ${[...counters].map(([couponId, left]) => `${couponId}=${left}`).join(" ")}`,
        about: [...counters.keys()],
        effect: async (fence) => {
          const before = new Set(known([...counters.keys()]));
          const answer = await gate.under(fence).initialise(counters);
          return { answer, changed: [...counters.keys()].filter((couponId) => !before.has(couponId)) };
        },
      }),
    settle: (remaining) =>
      call({
        to: "redis",
        kind: "decide",
        what: () => `settle ${[...remaining].map(([couponId, left]) => `${couponId}=${left}`).join(" ")}`,
        about: [...remaining.keys()],
        effect: async (fence) => {
          const refused = refusedMarks(world, [...remaining.keys()]);
          const changed = known([...remaining.keys()]);
          const answer = await gate.under(fence).settle(remaining);
          settled(remaining, refused);
          return { answer, changed };
        },
      }),
  };
};

/** Units in flight of requests that were refused: they are back when their coupon is settled. */
const refusedMarks = ({ gate, database }: StoreWorld, couponIds: readonly CouponId[]): readonly ReservationId[] =>
  couponIds.flatMap((couponId) =>
    [...(gate.counters.get(couponId)?.marks ?? [])].filter((id) => database.verdicts.get(id)?.kind === "refused"),
  );

/** The catalog as one process sees it. */
export const catalogOf = (
  from: Process,
  { network, database }: Pick<StoreWorld, "network" | "database">,
  how: Pick<CallAbout, "aside"> = {},
): CouponCatalog => {
  const catalog = memoryCouponCatalog(database);
  return {
    find: (couponIds) =>
      network.call({
        from,
        to: "database",
        kind: "read",
        what: () => `find ${couponIds.join(" ")}`,
        about: couponIds,
        effect: () => catalog.find(couponIds),
      }),
    remaining: (couponIds) =>
      network.call({
        ...how,
        from,
        to: "database",
        kind: "read",
        what: () => `remaining ${couponIds.join(" ")}`,
        about: couponIds,
        effect: () => catalog.remaining(couponIds),
        inWords: (left) => [...left].map(([couponId, units]) => `${couponId}=${units}`).join(" "),
      }),
  };
};

const bookOf = (from: Process, world: StoreWorld, lease: Fence): CouponBook => {
  const { database, decided } = world;
  const call = fencedCall(from, world, lease);
  const write = async <T>(answering: Promise<T>, changed: readonly string[]) => ({
    answer: await answering.finally(decided),
    changed,
  });
  return {
    issue: (issues) =>
      call({
        to: "database",
        kind: "decide",
        what: () => `issue ${listed(issues)}`,
        about: couponsOf(issues),
        decides: () => decisions("issue", issues),
        effect: (fence) => write(decidingBook(database, fence).issue(issues), couponsOf(issues)),
        inWords: ({ answers }) => tally(answers.map(({ kind }) => kind)),
      }),
    refuse: (refusals) =>
      call({
        to: "database",
        kind: "effect",
        what: () => `refuse ${listed(refusals)} (${tally(refusals.map(({ reason }) => reason))})`,
        about: couponsOf(refusals),
        // Copies in one round may be refused for two reasons.
        decides: () => refusals.flatMap((one) => decisions(`refuse (${one.reason})`, [one])),
        // A refusal changes nothing that the next one is decided by.
        effect: (fence) => write(decidingBook(database, fence).refuse(refusals), []),
        inWords: (verdicts) => tally(verdicts.map(({ kind }) => kind)),
      }),
  };
};

const couponsOf = (asked: readonly Asked[]): readonly string[] => [...new Set(asked.map(({ couponId }) => couponId))];

const decisions = (does: string, asked: readonly Asked[]): readonly Decision[] =>
  asked.map(({ couponId, reservationId }) => ({ does, couponId, reservationId }));

/** `spring:#1,#2 autumn:#3`. */
export const listed = (asked: readonly Asked[]): string =>
  [...Map.groupBy(asked, ({ couponId }) => couponId)]
    .map(([couponId, own]) => `${couponId}:${own.map(({ reservationId }) => shortName(reservationId)).join(",")}`)
    .join(" ");

/** `#17`: the number a simulated reservation was made from. */
export const shortName = (reservationId: string): string => `#${Number(reservationId.slice(-12))}`;

const runs = (answers: readonly string[]): readonly { readonly answer: string; count: number }[] => {
  const found: { readonly answer: string; count: number }[] = [];
  for (const answer of answers) {
    const last = found.at(-1);
    if (last?.answer === answer) last.count += 1;
    else found.push({ answer, count: 1 });
  }
  return found;
};

/** `taken x3, none x2`: equal neighbours together. */
const tally = (answers: readonly string[]): string =>
  runs(answers)
    .map(({ answer, count }) => (count === 1 ? answer : `${answer} x${count}`))
    .join(", ");
