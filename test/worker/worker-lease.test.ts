/** What a worker does about its leases: it waits for them, takes back what is its own, and leaves unchanged what is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../engine/errors.ts";
import { type CouponId, couponIssueRequests } from "../../schemas/coupon.ts";
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import { partitionOfKey } from "../../engine/log/producer/partitioner.ts";
import { CommitRefused, type Log } from "../../engine/log/log.ts";
import type { Worker } from "../../engine/worker/worker.ts";
import { noTelemetry } from "../../engine/worker/telemetry.ts";
import { memoryStage, openCoupon, request, until } from "../../topology/testing/memory-stage.ts";

const partitionOf = (couponId: string) => ({
  topology: couponIssuing.graph.name,
  topic: couponIssueRequests.name,
  partition: partitionOfKey(Buffer.from(couponId), couponIssueRequests.partitions),
});

test("worker: begins no round before it has the lease", async () => {
  const stage = memoryStage(openCoupon("hot", 10));
  let failures = 20;
  const take: typeof stage.leases.take = async (partition, holder) => {
    if (failures-- > 0) throw new Unavailable("database", "refused");
    return stage.leases.take(partition, holder);
  };
  await stage.send([request(1, "hot")]);
  const worker = await stage.start("w1", { leases: { take } });
  await until("it holds", () => worker.holding().some(({ call }) => call === "lease"));
  assert.equal(stage.stock.counters.size, 0);
  await until("it is issued in the end", () => stage.database.verdicts.size === 1);
  await worker.stop();
});

for (const { epoch, outcome } of [
  { epoch: 5_000, outcome: "is issued" },
  { epoch: 2 ** 41, outcome: "waits" },
])
  test(`worker: takes a lease above the gate's epoch when that is ${epoch} and the database was set back, so that a request ${outcome}`, async () => {
    const stage = memoryStage(openCoupon("hot", 10));
    stage.stock.counters.set("hot" as CouponId, { left: 10, marks: new Set(), epoch });
    await stage.send([request(1, "hot")]);
    const worker = await stage.start("w1");
    if (outcome === "waits") await until("it is held", () => /the gate's .*hot.* has 2199023255552/.test(why(worker)));
    else await until("it is issued", () => stage.database.verdicts.size === 1);
    assert.equal(stage.database.verdicts.size, outcome === "waits" ? 0 : 1);
    await worker.stop();
  });

const why = (worker: Worker): string =>
  worker
    .holding()
    .map(({ message }) => message)
    .join();

test("worker: takes its lease again when a former owner's take-over came late and the group says the partition is its own", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  await stage.send([request(1, "hot")]);
  const worker = await stage.start("w1");
  await until("the first is issued", () => stage.database.verdicts.size === 1);
  await stage.leases.take(partitionOf("hot"), "late");
  await stage.send([request(2, "hot")]);
  await until("the second is issued too", () => stage.database.verdicts.size === 2);
  const kinds = [...stage.database.verdicts.values()].map(({ kind }) => kind);
  assert.deepEqual(kinds, ["issued", "issued"]);
  await worker.stop();
});

test("worker: leaves the lease unchanged and finishes nothing when the group no longer knows it", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  const log = stage.broker.client("w1");
  let expelled = false;
  const expelling: Log = {
    partitionCount: log.partitionCount.bind(log),
    append: log.append.bind(log),
    close: log.close.bind(log),
    subscribe: async (options, listener) => {
      const subscription = await log.subscribe(options, listener);
      const commit: typeof subscription.commit = async (offsets) => {
        if (expelled) throw new CommitRefused("its session has expired");
        await subscription.commit(offsets);
      };
      return { ...subscription, commit };
    },
  };
  await stage.send([request(1, "hot")]);
  let refusals = 0;
  const telemetry = {
    ...noTelemetry,
    failedAttempt: (_call: string, code: string) => void (code === "FENCED" && refusals++),
  };
  const worker = await stage.start("w1", { log: expelling, telemetry });
  await until("the first is issued", () => stage.database.verdicts.size === 1);
  expelled = true;
  const { epoch } = await stage.leases.take(partitionOf("hot"), "the new owner");
  await stage.send([request(2, "hot")]);
  await until("it has been refused a few times", () => refusals > 3);
  assert.equal(stage.database.verdicts.size, 1);
  assert.deepEqual(await stage.leases.take(partitionOf("hot"), "a look"), { ...partitionOf("hot"), epoch: epoch + 1 });
  await worker.stop();
});
