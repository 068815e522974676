// Rounds that begin before the one ahead of them ends: what they may do, and what waits for its turn.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fence } from "../../engine/lease.ts";
import type { Log } from "../../engine/log/log.ts";
import type { Issue, Take } from "../../processors/coupons/coupon-ports.ts";
import { couponsIssued } from "../../schemas/coupon.ts";
import { memoryStage, openCoupon, request, until } from "../../topology/testing/memory-stage.ts";

const ids = (values: readonly { readonly reservationId: string }[]): readonly string[] =>
  values.map(({ reservationId }) => reservationId);
const many = (from: number, count: number) => Array.from({ length: count }, (_, n) => request(from + n, "hot"));

/** A stage that lists what the stores are asked, and whose database decides a round when it is let. */
const watched = (stock: number) => {
  const stage = memoryStage(openCoupon("hot", stock));
  const asked: string[] = [];
  const gates: (() => void)[] = [];
  const issuing = stage.issuing(async (issues: readonly Issue[], issue) => {
    asked.push(`issue ${issues.length}`);
    await new Promise<void>((resolve) => gates.push(resolve));
    const answer = await issue(issues);
    asked.push(`issued ${issues.length}`);
    return answer;
  });
  const deps = (fence: Fence) => {
    const own = issuing(fence);
    const reserve = (takes: readonly Take[]) => {
      asked.push(`reserve ${takes.length}`);
      return own.stock.reserve(takes);
    };
    return { ...own, stock: { ...own.stock, reserve } };
  };
  const letOne = async (): Promise<void> => {
    await until("a round is at the database", () => gates.length > 0);
    gates.shift()?.();
  };
  return { stage, deps, asked, gates, letOne };
};

/** A log that tells when its subscriber has begun to give back what it has. */
const givingBack = (client: Log): { readonly log: Log; readonly gives: () => boolean } => {
  let gives = false;
  const subscribe: Log["subscribe"] = (options, listener) => {
    const revoking = (): Promise<void> => {
      const revoked = listener.revoking();
      gives = true;
      return revoked;
    };
    return client.subscribe(options, { ...listener, revoking });
  };
  return { log: { ...client, subscribe }, gives: () => gives };
};

test("worker: takes the units of the next round while one is written, and writes it when that has ended", async () => {
  const { stage, deps, asked, gates, letOne } = watched(1_000);
  await stage.send(many(0, 250));
  const worker = await stage.start("w1", { deps });
  // The first round asks twice: its counter is not there yet.
  const reserves = () => asked.filter((what) => what.startsWith("reserve")).length;
  await until("the next one has its units", () => reserves() === 3);
  assert.equal(gates.length, 1);
  for (let left = 250; left > 0; ) {
    await letOne();
    await until("it is decided", () => stage.database.verdicts.size > 250 - left);
    left = 250 - stage.database.verdicts.size;
  }
  await until("all is published", () => stage.records(couponsIssued).length === 250);
  await worker.stop();
  assert.deepEqual(ids(await stage.read(couponsIssued)), ids(many(0, 250)));
  const decisions = asked.filter((what) => what.startsWith("issue"));
  // Never two rounds of one coupon at the database: each begins when the one before it has ended.
  const kinds = decisions.map((what) => what.split(" ")[0]);
  assert.deepEqual(
    kinds,
    kinds.map((_, at) => (at % 2 === 0 ? "issue" : "issued")),
  );
});

test("worker: gives up the round that waits for its turn, and commits nothing of it, when it stops", async () => {
  const { stage, deps, asked, letOne } = watched(1_000);
  await stage.send(many(0, 200));
  const { log, gives } = givingBack(stage.broker.client("w1"));
  const worker = await stage.start("w1", { deps, log });
  const reserves = () => asked.filter((what) => what.startsWith("reserve")).length;
  await until("the next one has its units", () => asked.includes("issue 100") && reserves() >= 3);
  const stopping = worker.stop();
  // Before that the turn of the next one may come yet.
  await until("it gives its partitions back", gives);
  await letOne();
  await stopping;
  assert.equal(stage.database.verdicts.size, 100);
  const other = await stage.start("w2");
  await until("the other worker decides the rest", () => stage.database.verdicts.size === 200);
  await until("all is published", () => stage.records(couponsIssued).length === 200);
  await other.stop();
  assert.deepEqual(ids(await stage.read(couponsIssued)), ids(many(0, 200)));
});

test("worker: refuses nobody while a unit is left when the round before gives units back", async () => {
  const { stage, deps, gates } = watched(150);
  // The first hundred ask twice: the second request of each is a duplicate, whose unit goes back.
  await stage.send(many(0, 100));
  await stage.send(Array.from({ length: 100 }, (_, n) => request(1_000 + n, "hot", `user-${n}`)));
  await stage.send(many(2_000, 50));
  const worker = await stage.start("w1", { deps });
  await until("all are published", () => {
    gates.shift()?.();
    return stage.records(couponsIssued).length === 150;
  });
  await worker.stop();
  const issued = ids(await stage.read(couponsIssued));
  assert.deepEqual(issued, [...ids(many(0, 100)), ...ids(many(2_000, 50))]);
});
