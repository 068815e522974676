/** The book, its lookups, the register and the keys against the real database. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fenced, Unavailable } from "../../../engine/errors.ts";
import { couponBookContract } from "../../testing/coupon-book.ts";
import { couponRegisterContract } from "../../testing/coupon-register.ts";
import { databaseUnderTest } from "../testing/database-under-test.ts";
import { idempotencyKeysContract } from "../../testing/idempotency-keys.ts";
import { leasesContract } from "../../testing/leases.ts";
import { couponTruthContract } from "../../testing/reconciliation.ts";
import { aCoupon } from "../../../processors/testing/samples.ts";
import { couponBook } from "./coupon-book.ts";
import { couponCatalog } from "./coupon-catalog.ts";
import { couponRegister } from "./coupon-register.ts";
import { couponTruth } from "./coupon-truth.ts";
import { openDatabase } from "../database.ts";
import { idempotencyKeys } from "../idempotency/idempotency-keys.ts";
import { inFencedTransaction, partitionLeases } from "../partition-lease.ts";
import { inTransaction } from "../session.ts";
import { verdictLookup } from "./verdict-lookup.ts";
import { numberColumns, numberOf } from "../testing/number-of.ts";

const { url, database } = databaseUnderTest();

const register = couponRegister(database);
const catalog = couponCatalog(database);
const lookup = verdictLookup(database);

// A new book for each test begins each on the path that writes before it looks.
couponBookContract("mysql book", () => ({ book: couponBook(database), register, catalog, lookup }));
const wary = couponBook(database);
couponBookContract("mysql book, wary of the tests before", () => ({ book: wary, register, catalog, lookup }));
couponRegisterContract("mysql register", () => ({ register, catalog }));
idempotencyKeysContract("mysql keys", () => idempotencyKeys(database));
leasesContract("mysql leases", () => ({
  leases: partitionLeases(database),
  book: (fence) => couponBook(database, fence),
  register,
  catalog,
}));

couponTruthContract("mysql truth", () => ({
  leases: partitionLeases(database),
  register,
  book: couponBook(database),
  truth: (fence) => couponTruth(database, fence),
}));

test("mysql truth: waits for a transaction that still takes from the coupon, and counts it", async () => {
  const coupon = aCoupon(5);
  await register.open(coupon);
  const fence = await partitionLeases(database).take({ topology: "t", topic: coupon.couponId, partition: 0 }, "a");
  const entered = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  const straggling = inTransaction(database, async (session) => {
    const id = Buffer.from(coupon.couponId);
    await session.change("UPDATE coupon SET remaining = remaining - 1 WHERE coupon_id = ?", [id]);
    entered.resolve();
    await leave.promise;
  });
  await entered.promise;
  const stored = couponTruth(database, fence).stored(coupon.couponId);
  setImmediate(leave.resolve);
  assert.equal(await stored, 4);
  await straggling;
});

test("mysql leases: a take-over waits for a transaction that writes by the old epoch, and the next one is refused", async () => {
  const leases = partitionLeases(database);
  const fence = await leases.take({ topology: "t", topic: "waits", partition: 0 }, "old");
  const entered = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  const writing = inFencedTransaction(database, fence, async () => {
    entered.resolve();
    await leave.promise;
    return "written";
  });
  await entered.promise;
  let taken = false;
  const taking = leases.take(fence, "new").then(() => {
    taken = true;
  });
  // Something else of the database is answered meanwhile: the take-over had its chance.
  await numberOf(database, "SELECT SLEEP(0.2) AS n");
  assert.equal(taken, false);
  leave.resolve();
  assert.equal(await writing, "written");
  await taking;
  await assert.rejects(
    inFencedTransaction(database, fence, async () => undefined),
    Fenced,
  );
});

test("mysql leases: look at the epoch again when a transaction is begun again", async () => {
  const leases = partitionLeases(database);
  const fence = await leases.take({ topology: "t", topic: "restarts", partition: 0 }, "old");
  let taking: Promise<unknown> = Promise.resolve();
  const begunAgain = inFencedTransaction(database, fence, async ({ restart, select }) => {
    taking = leases.take(fence, "new");
    // The take-over waits for our lock by then; only the restart gives it up.
    await select(numberColumns, "SELECT SLEEP(0.3) AS n", []);
    await restart();
  });
  await assert.rejects(begunAgain, Fenced);
  await taking;
});

test("mysql leases: are taken over from an owner that is frozen in the middle of a transaction", async () => {
  const frozen = openDatabase({ databaseUrl: url, idleTransactionTimeoutSeconds: 1 });
  const leases = partitionLeases(database);
  const fence = await leases.take({ topology: "t", topic: "frozen", partition: 0 }, "frozen");
  const entered = Promise.withResolvers<void>();
  const wake = Promise.withResolvers<void>();
  const writing = inFencedTransaction(frozen, fence, async ({ select }) => {
    entered.resolve();
    await wake.promise;
    return select(numberColumns, "SELECT 1 AS n", []);
  });
  await entered.promise;
  assert.equal((await leases.take(fence, "new")).epoch, fence.epoch + 1);
  wake.resolve();
  await assert.rejects(writing, Unavailable);
  await frozen.close();
});
