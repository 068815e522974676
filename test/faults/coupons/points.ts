/** The fail points: the moments of a worker's life at which it can be made to die, and what each is. */

/** One moment at which a worker dies by SIGKILL. */
export interface FailPoint {
  /** `<part>-<call>-<before|sent|after>`; unique. */
  readonly name: string;
  /** What has just happened, or is about to. */
  readonly about: string;
  /** The failure windows it covers; see windows.ts. */
  readonly windows: readonly number[];
  /** How often it comes up: with nearly every round, or only now and then; then the first time must do. */
  readonly comes: "often" | "seldom";
  /** Reached only by a worker that gives its partitions back: it sends itself SIGTERM when it has written something. */
  readonly leaving?: true;
}

const point = (
  name: string,
  about: string,
  windows: readonly number[],
  rest: Partial<Pick<FailPoint, "comes" | "leaving">> = {},
): FailPoint => ({ name, about, windows, comes: "often", ...rest });

const seldom = { comes: "seldom" } as const;
const leaving = { comes: "seldom", leaving: true } as const;

/** Every fail point, in the order in which a round meets them. */
export const failPoints: readonly FailPoint[] = [
  point("assigned", "partitions have been assigned, nothing is fetched", [13, 14], seldom),
  point("lease-take-before", "a partition was assigned, its lease is about to be taken", [13, 14], seldom),
  point("lease-take-after", "a lease is taken, not committed", [13, 14], seldom),
  point("records", "the first records have been fetched, nothing is done", [13, 14], seldom),
  point("catalog-find-before", "the terms of coupons are about to be read", [3], seldom),
  point("catalog-find-after", "the terms of coupons have been read", [3], seldom),
  point("gate-initialise-before", "a counter is missing and about to be set", [10], seldom),
  point("gate-initialise-after", "a counter has just been set", [10], seldom),
  point("gate-reserve-before", "units are about to be taken from the gate", [3]),
  point("gate-reserve-after", "units are taken from the gate, the database knows nothing", [3, 6]),
  point("gate-settle-before", "a round is in the database, the gate is about to be settled", [4, 6, 7]),
  point("gate-settle-after", "the gate is settled, nothing is published", [4, 6, 7]),
  point("transaction-before", "a transaction is about to begin", [3, 6]),
  point("lease-check-after", "the lease was found to be the worker's own", [3, 6, 13]),
  point("lock-after", "a coupon's row is locked", [3, 6, 11]),
  point("insert-issued-before", "issued rows are about to be written", [3, 6]),
  point("insert-issued-after", "issued rows are written, not committed", [3, 6]),
  point("insert-refused-before", "refusals are about to be written", [3, 6], seldom),
  point("insert-refused-after", "refusals are written, not committed", [3, 6], seldom),
  point("take-before", "units are about to be taken from the coupon's row", [3, 6]),
  point("take-after", "units are taken from the coupon's row, not committed", [3, 6]),
  point("issue-commit-before", "the COMMIT of a round of issues is about to be sent", [3, 6, 12]),
  point("issue-commit-sent", "that COMMIT was sent, its answer has not been read", [4, 5, 12]),
  point("issue-commit-after", "that COMMIT was answered, nothing is published", [4, 5]),
  point("release-before", "a unit is about to be given back", [6], seldom),
  point("release-after", "a unit was given back, nothing is published", [7], seldom),
  point("refuse-commit-before", "the COMMIT of refusals is about to be sent", [3, 12]),
  point("refuse-commit-sent", "that COMMIT was sent, its answer has not been read", [4, 12]),
  point("refuse-commit-after", "that COMMIT was answered, nothing is published", [4]),
  point("produce-issued-before", "issued events are about to be written", [4, 5]),
  point("produce-issued-after", "issued events were acknowledged, their offsets are unfinished", [4, 5, 16]),
  point("produce-refused-before", "refused events are about to be written", [4]),
  point("produce-refused-after", "refused events were acknowledged", [4, 16]),
  point("produce-compensated-before", "compensations are about to be written", [6, 7], seldom),
  point("produce-compensated-after", "compensations were acknowledged", [7, 16], seldom),
  point("produce-dead-letter-before", "a dead letter is about to be written", [18, 22], seldom),
  point("produce-dead-letter-after", "a dead letter was acknowledged, its offset is unfinished", [18, 16], seldom),
  point("offsets-before", "offsets are about to be committed", [4, 16], seldom),
  point("offsets-after", "offsets have been committed", [16], seldom),
  point("drain-before", "partitions are to be given back, nothing is drained", [13, 33], leaving),
  point("drain-after", "partitions are drained and committed, not given back", [13, 33], leaving),
];

/** Those of some points that are named; all of them where none is. */
export const pointsNamed = <Point extends FailPoint>(
  all: readonly Point[],
  names: readonly string[],
): readonly Point[] => {
  const named = all.filter(({ name }) => names.includes(name));
  return named.length > 0 ? named : all;
};
