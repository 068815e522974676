/** `sluice verify --watch` on the real stack: a violation that is planted in the database is a metric, and its repair clears it. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";
import { couponRegister } from "../../stores/mysql/coupons/coupon-register.ts";
import { withSession } from "../../stores/mysql/session.ts";
import type { CouponId } from "../../schemas/coupon.ts";
import { openCoupon } from "../../topology/testing/memory-stage.ts";
import { couponTraffic, openCoupon as openCouponBy } from "../testing/coupon-traffic.ts";
import { stackUnderTest, until } from "../testing/stack-under-test.ts";

const stack = stackUnderTest();
const couponId = `watched-${randomUUID()}` as CouponId;
let metricsUrl = "";

before(async () => {
  await stack.prepared();
  await couponRegister(stack.database).open({ ...openCoupon(couponId, 5), couponId });
  const args = ["--watch", "--every", "1", "--full-every", "1", "--coupons", couponId, "coupons"];
  const { healthUrl } = await stack.start({ command: "verify", name: "verify-watch", args });
  metricsUrl = `${healthUrl}/metrics`;
});

const metrics = async (): Promise<readonly string[]> => (await (await fetch(metricsUrl)).text()).split("\n");
const violation = 'sluice_verify_violations{check="coupons: issued = stock taken, never more than there are"}';
const violations = async (): Promise<string | undefined> =>
  (await metrics()).find((line) => line.startsWith(violation))?.slice(violation.length + 1);
const setRemaining = (remaining: number) =>
  withSession(stack.database, ({ change }) =>
    change("UPDATE coupon SET remaining = ? WHERE coupon_id = ?", [remaining, couponId]),
  );

test("verify --watch: shows a violation that is planted in the database, and its repair", {
  timeout: 120_000,
}, async () => {
  await until("it has looked", async () => (await violations()) === "0");
  await setRemaining(4);
  await until("the violation is a metric", async () => (await violations()) === "1");
  await setRemaining(5);
  await until("the repair is seen", async () => (await violations()) === "0");
});

test("verify --watch: says when it last read everything, and what became of dead letters", {
  timeout: 60_000,
}, async () => {
  const lines = await metrics();
  const last = lines.find((line) => line.startsWith("sluice_verify_last_success_timestamp_seconds "));
  assert.ok(Number(last?.split(" ")[1]) > 1_000_000_000, last);
  for (const topology of ["coupon-issuing", "transaction-history", "external-data"])
    assert.ok(lines.some((line) => line.startsWith(`sluice_dead_letters_undecided{topology="${topology}"} `)));
});

test("verify --watch: finds no violation while coupons are asked for all the time", { timeout: 240_000 }, async (t) => {
  const busy = `busy-${randomUUID()}`;
  const [api] = await Promise.all([
    stack.start({ command: "api", name: "verify-busy-api" }),
    stack.start({ command: "worker", name: "verify-busy-worker" }),
  ]);
  const traffic = couponTraffic(stack.config.tokenSecret, t.signal);
  await openCouponBy(api.url, stack.config.tokenSecret, { couponId: busy, stock: 100_000 });
  const args = ["--watch", "--every", "1", "--full-every", "1", "--coupons", busy, "coupons"];
  const { healthUrl } = await stack.start({ command: "verify", name: "verify-busy", args });
  const looks = new Set<string>();
  for (let crowd = 0; looks.size < 6; crowd += 1) {
    await traffic.burst(api.url, busy, `crowd-${crowd}-`);
    const lines = (await (await fetch(`${healthUrl}/metrics`)).text()).split("\n");
    const seen = lines.filter((line) => line.startsWith("sluice_verify_violations{"));
    assert.deepEqual(
      seen.filter((line) => !line.endsWith(" 0")),
      [],
    );
    const last = lines.find((line) => line.startsWith("sluice_verify_last_success_timestamp_seconds "));
    if (last !== undefined && seen.length > 0) looks.add(last);
  }
});

test("verify --watch: ends with exit code 0 when it gets SIGTERM", { timeout: 60_000 }, async () => {
  const [watching] = stack.children;
  await stack.stopAll();
  assert.equal(await watching?.child.ended, "exit code 0");
});
