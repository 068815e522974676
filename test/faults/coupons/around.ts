/** What is put around the parts of a worker so that it comes by its fail points; the parts themselves know nothing of it. */
import type { CouponDeps, WorkerHooks } from "../../../ops/processes/coupon-worker.ts";
import { deadLetterTopic } from "../../../engine/worker/round/dead-letter.ts";
import type { Log, LogListener, Subscription } from "../../../engine/log/log.ts";
import { couponsCompensated, couponsIssued, couponsRefused } from "../../../schemas/coupon.ts";
import type { Database } from "../../../stores/mysql/database.ts";
import { couponIssuing } from "../../../topology/coupon-issuing.ts";
import { trappedStatements } from "../statements.ts";
import type { Trap } from "../trap.ts";

/** The parts of a worker, with a trap at every point. */
export const trapped = (trap: Trap): WorkerHooks => ({
  log: (log) => trappedLog(log, trap),
  database: (database) => trappedDatabase(database, trap),
  deps: (deps) => trappedDeps(deps, trap),
});

/** A call between its two points. */
const between =
  <Args extends readonly unknown[], Answer>(trap: Trap, name: string, call: (...args: Args) => Promise<Answer>) =>
  async (...args: Args): Promise<Answer> => {
    trap(`${name}-before`);
    const answer = await call(...args);
    trap(`${name}-after`);
    return answer;
  };

const trappedDeps = (deps: CouponDeps, trap: Trap): CouponDeps => ({
  ...deps,
  stock: {
    ...deps.stock,
    reserve: between(trap, "gate-reserve", deps.stock.reserve),
    release: between(trap, "release", deps.stock.release),
    initialise: between(trap, "gate-initialise", deps.stock.initialise),
    settle: between(trap, "gate-settle", deps.stock.settle),
  },
  catalog: { ...deps.catalog, find: between(trap, "catalog-find", deps.catalog.find) },
});

const producePoints = new Map([
  [couponsIssued.name, "produce-issued"],
  [couponsRefused.name, "produce-refused"],
  [couponsCompensated.name, "produce-compensated"],
  [deadLetterTopic(couponIssuing.graph.name), "produce-dead-letter"],
]);

/** A log with points at what it assigns, fetches, appends and commits; `produceName` names an append by its topic. */
export const trappedLog = (
  log: Log,
  trap: Trap,
  produceName = (topic: string): string => producePoints.get(topic) ?? "produce-other",
): Log => ({
  ...log,
  append: (to, records) => between(trap, produceName(to.topic), () => log.append(to, records))(),
  subscribe: async (options, listener) => {
    const subscription = await log.subscribe(options, trappedListener(listener, trap));
    return trappedSubscription(subscription, trap);
  },
});

const trappedListener = (listener: LogListener, trap: Trap): LogListener => ({
  assigned: (partitions) => {
    listener.assigned(partitions);
    if (partitions.length > 0) trap("assigned");
  },
  records: (from, records, endOffset) => {
    trap("records");
    listener.records(from, records, endOffset);
  },
  revoking: () => between(trap, "drain", listener.revoking)(),
  failed: listener.failed,
});

const trappedSubscription = (subscription: Subscription, trap: Trap): Subscription => ({
  ...subscription,
  commit: between(trap, "offsets", subscription.commit),
});

/** Statements by how they begin. A point before and one after each, where the table of points has them. */
const statements: readonly (readonly [RegExp, string])[] = [
  [/^START TRANSACTION/, "transaction"],
  [/^INSERT INTO partition_lease /, "lease-take"],
  [/^SELECT \S+ FROM partition_lease[\s\S]*LOCK IN SHARE MODE$/, "lease-check"],
  [/^SELECT coupon\.coupon_id[\s\S]*FOR UPDATE$/, "lock"],
  [/^INSERT INTO user_coupon /, "insert-issued"],
  [/^INSERT INTO refusal /, "insert-refused"],
  [/^UPDATE JSON_TABLE/, "take"],
];

const trappedDatabase = (database: Database, trap: Trap): Database =>
  trappedStatements(database, trap, () => transactionKind().nameOf);

/** A COMMIT is known by what was locked before it: coupons to take from, or coupons to refuse. */
const transactionKind = () => {
  let kind = "other";
  return {
    nameOf: (sql: string): string | undefined => {
      if (sql.startsWith("START TRANSACTION")) kind = "other";
      if (/^SELECT coupon\.coupon_id[\s\S]*FOR UPDATE$/.test(sql)) kind = "issue";
      if (/^SELECT coupon\.coupon_no[\s\S]*LOCK IN SHARE MODE$/.test(sql)) kind = "refuse";
      if (sql === "COMMIT") return `${kind}-commit`;
      return statements.find(([begins]) => begins.test(sql))?.[1];
    },
  };
};
