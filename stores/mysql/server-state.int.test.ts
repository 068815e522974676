// A server that answers, and can't serve: what it says of itself is held, and is no row's fault.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Unavailable } from "../../engine/errors.ts";
import { aCoupon, anIssue } from "../../processors/testing/samples.ts";
import { nodeNotReady, type Refusal, refusingDatabase } from "../testing/refusing-database.ts";
import { couponBook } from "./coupons/coupon-book.ts";
import { couponRegister } from "./coupons/coupon-register.ts";
import { openDatabase } from "./database.ts";
import { databaseUnderTest } from "./testing/database-under-test.ts";
import { numberOf } from "./testing/number-of.ts";

const { url, database } = databaseUnderTest();
const wire = await refusingDatabase(Number(new URL(url).port));
const through = new URL(url);
through.host = `127.0.0.1:${wire.port}`;
const mine = openDatabase({ databaseUrl: through.href, poolMax: 2, poolKeptIdle: 0 });
after(async () => {
  await mine.close();
  await wire.close();
});

const states: readonly Refusal[] = [
  nodeNotReady,
  { number: 1290, sqlState: "HY000", text: "The server is running with the --read-only option" },
  { number: 1461, sqlState: "42000", text: "Can't create more than max_prepared_stmt_count statements" },
  { number: 1615, sqlState: "HY000", text: "Prepared statement needs to be re-prepared" },
  { number: 3100, sqlState: "HY000", text: "Error on observer while running replication hook" },
  { number: 9001, sqlState: "HY000", text: "Max connect timeout reached while reaching hostgroup 0" },
];

for (const state of states) {
  test(`database: is unavailable, and takes the same round when it is back, when the server answers ${state.number} to everything`, async () => {
    const coupon = aCoupon(10);
    await couponRegister(database).open(coupon);
    const round = [anIssue(coupon.couponId)];
    const book = couponBook(mine);
    // So that there is a connection, which was opened before.
    await numberOf(mine, "SELECT 1 AS n");
    wire.refuse = state;
    for (let n = 0; n < 3; n++) {
      await assert.rejects(book.issue(round), (error) => {
        assert.ok(error instanceof Unavailable && error.who === "database", String(error));
        assert.ok(error.message.includes(state.text), error.message);
        return true;
      });
    }
    wire.refuse = undefined;
    // Held calls ask again: the pool may still hand out the refusal of a connection that it was opening.
    const issued = await book.issue(round).catch(() => book.issue(round));
    assert.deepEqual(
      issued.answers.map(({ kind }) => kind),
      ["issued"],
    );
  });
}
