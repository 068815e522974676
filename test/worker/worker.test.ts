/** The worker on a log in memory: rounds, order, commits, hand-overs, and what becomes of what fails. */
import assert from "node:assert/strict";
import { test } from "node:test";
import pino from "pino";
import { Fatal, Poison, Unavailable } from "../../engine/errors.ts";
import { couponIssueRequests, couponsCompensated, couponsIssued, couponsRefused } from "../../schemas/coupon.ts";
import { shareOf } from "../../engine/worker/partition/limits.ts";
import { CommitRefused, type Log, type Subscription } from "../../engine/log/log.ts";
import { noTelemetry, type Telemetry } from "../../engine/worker/telemetry.ts";
import { memoryStage, openCoupon, request, testLimits, until } from "../../topology/testing/memory-stage.ts";

const ids = (values: readonly { readonly reservationId: string }[]): readonly string[] =>
  values.map(({ reservationId }) => reservationId);
const many = (from: number, count: number, coupon: string) =>
  Array.from({ length: count }, (_, n) => request(from + n, coupon));

const committedOf = (stage: ReturnType<typeof memoryStage>): bigint =>
  Array.from({ length: couponIssueRequests.partitions }, (_, partition) =>
    stage.broker.committed("test.coupon-issuing", { topic: couponIssueRequests.name, partition }),
  ).reduce<bigint>((sum, offset) => sum + (offset ?? 0n), 0n);

test("worker: issues the first as many as there are, in order, when more ask than there are", async () => {
  const stage = memoryStage(openCoupon("hot", 250));
  await stage.send(many(0, 400, "hot"));
  const worker = await stage.start("w1");
  await until("all are decided", () => stage.database.verdicts.size === 400);
  await worker.stop();
  assert.deepEqual(ids(await stage.read(couponsIssued)), ids(many(0, 250, "hot")));
  assert.deepEqual(ids(await stage.read(couponsRefused)), ids(many(250, 150, "hot")));
  assert.equal(committedOf(stage), 400n);
});

test("worker: resumes where it stopped when it is started again, and decides nothing twice", async () => {
  const stage = memoryStage(openCoupon("hot", 1_000));
  await stage.send(many(0, 50, "hot"));
  const first = await stage.start("w1");
  await until("the first half is issued", () => stage.database.verdicts.size === 50);
  await first.stop();
  await stage.send(many(50, 50, "hot"));
  const second = await stage.start("w2");
  await until("the second half is issued", () => stage.database.verdicts.size === 100);
  await second.stop();
  assert.deepEqual(ids(await stage.read(couponsIssued)), ids(many(0, 100, "hot")));
});

test("worker: dead-letters bytes that are no record, and decides the others, when they come in between", async () => {
  const stage = memoryStage(openCoupon("hot", 10));
  const poison = [Buffer.alloc(0), Buffer.from([1, 2, 3]), Buffer.from([0, 0, 0, 0, 1, 200])];
  await stage.send([request(1, "hot")]);
  for (const bytes of poison) await stage.sendRaw("hot", bytes);
  await stage.send([request(2, "hot")]);
  const worker = await stage.start("w1");
  await until("both are issued and all poison is set aside", () => stage.deadLetters().length === 3);
  await until("the others are issued", () => stage.database.verdicts.size === 2);
  await worker.stop();
  assert.deepEqual(
    stage.deadLetters().map(({ value }) => value),
    poison,
  );
  assert.equal(String(stage.deadLetters()[0]?.headers["_flow.err.code"]), "MALFORMED");
  assert.equal(committedOf(stage), 5n);
});

test("worker: hands the trace of a request on to its verdict when the request has one, and to no other", async () => {
  const stage = memoryStage(openCoupon("hot", 10));
  await stage.send([request(1, "hot")]);
  const [asked] = stage.records(couponIssueRequests);
  const traceparent = Buffer.from("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  assert.ok(asked?.value);
  // A copy of the first request, with a trace, is decided as the first one was and told again.
  await stage.sendRaw("hot", asked.value, { traceparent, other: Buffer.from("x") });
  const worker = await stage.start("w1");
  await until("both are answered", () => stage.records(couponsIssued).length === 2);
  await worker.stop();
  assert.deepEqual(
    stage.records(couponsIssued).map(({ headers }) => headers),
    [{}, { traceparent }],
  );
});

test("worker: holds, keeps the order and dead-letters nothing when a store is away", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  let failures = 30;
  const deps = stage.issuing(async (issues, issue) => {
    if (failures-- > 0) throw new Unavailable("database", "refused");
    return issue(issues);
  });
  await stage.send(many(0, 100, "hot"));
  const worker = await stage.start("w1", { deps });
  await until("it is not ready while it holds", () => !worker.ready().ok);
  await until("all are issued", () => stage.database.verdicts.size === 100);
  await until("it is ready again", () => worker.ready().ok);
  await worker.stop();
  assert.deepEqual(ids(await stage.read(couponsIssued)), ids(many(0, 100, "hot")));
  assert.equal(stage.deadLetters().length, 0);
});

test("worker: waits for the registry and dead-letters nothing when it is away", async () => {
  const stage = memoryStage(openCoupon("hot", 10));
  await stage.send([request(1, "hot")]);
  stage.registry.away = true;
  const worker = await stage.start("w1");
  await until("it holds", () => worker.holding().some(({ call }) => call === "decode"));
  stage.registry.away = false;
  await until("it is issued", () => stage.database.verdicts.size === 1);
  await worker.stop();
  assert.equal(stage.deadLetters().length, 0);
});

test("worker: dead-letters the record that an error names, and only it, when a store refuses it", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  const guilty = request(7, "hot").reservationId;
  const deps = stage.issuing(async (issues, issue) => {
    if (issues.some(({ reservationId }) => reservationId === guilty))
      throw new Poison("BAD_ROW", "it does not fit", { idempotencyKey: guilty });
    return issue(issues);
  });
  await stage.send(many(0, 20, "hot"));
  const worker = await stage.start("w1", { deps });
  await until("the others are issued", () => stage.database.verdicts.size === 19);
  await until("it is dead-lettered", () => stage.deadLetters().length === 1);
  await worker.stop();
  assert.equal(String(stage.deadLetters()[0]?.headers["_flow.err.node"]), "write-through");
});

test("worker: gives the unit back once and publishes it when the database refuses what the gate let through", async () => {
  const stage = memoryStage(openCoupon("hot", 3));
  await stage.send(many(0, 3, "hot"));
  const worker = await stage.start("w1");
  const counterNow = () => stage.stock.counters.get(request(0, "hot").couponId);
  await until("three are issued and settled", () => counterNow()?.left === 0 && counterNow()?.marks.size === 0);
  // A restored snapshot: the gate believes in units that are gone.
  const counter = counterNow() ?? assert.fail("no counter");
  counter.left = 5;
  await stage.send(many(3, 1, "hot"));
  await until("all are decided", () => stage.database.verdicts.size === 4);
  await worker.stop();
  assert.equal((await stage.read(couponsIssued)).length, 3);
  assert.deepEqual(ids(await stage.read(couponsCompensated)), ids(many(3, 1, "hot")));
  assert.deepEqual([counter.left, counter.marks.size], [0, 0]);
});

test("worker: shares the partitions and decides everything once when another joins in the middle", async () => {
  const coupons = Array.from({ length: 20 }, (_, n) => `c${n}`);
  const stage = memoryStage(...coupons.map((id) => openCoupon(id, 1_000)));
  const wave = (from: number) => coupons.flatMap((id, at) => many(from + at * 1_000, 30, id));
  await stage.send(wave(0));
  const first = await stage.start("w1");
  await until("some are decided", () => stage.database.verdicts.size > 100);
  const second = await stage.start("w2");
  await stage.send(wave(100));
  await until("all are decided", () => stage.database.verdicts.size === 1_200);
  await first.stop();
  await second.stop();
  assert.equal(committedOf(stage), 1_200n);
  assert.equal(new Set(ids(await stage.read(couponsIssued))).size, 1_200);
});

test("worker: pauses a partition and loses nothing when more comes than its bounds allow", async () => {
  const stage = memoryStage(openCoupon("hot", 5_000));
  await stage.send(many(0, 3_000, "hot"));
  const gate = Promise.withResolvers<void>();
  const deps = stage.issuing(async (issues, issue) => {
    await gate.promise;
    return issue(issues);
  });
  const worker = await stage.start("w1", { deps, limits: { ...testLimits, maxRecords: 600 } });
  await until("the partition is paused", () => [...worker.status().values()].some(({ paused }) => paused));
  const fetched = [...worker.status().values()].reduce((sum, s) => sum + s.queuedRecords + s.inFlightRecords, 0);
  assert.ok(fetched < 1_500, `${fetched} records are in memory`);
  gate.resolve();
  await until("all are issued", () => stage.database.verdicts.size === 3_000);
  await worker.stop();
  assert.equal(committedOf(stage), 3_000n);
});

test("worker: says a growing lag when a partition is paused and held up, and none when all is finished", async () => {
  const stage = memoryStage(openCoupon("hot", 5_000));
  await stage.send(many(0, 700, "hot"));
  const gate = Promise.withResolvers<void>();
  const deps = stage.issuing(async (issues, issue) => {
    await gate.promise;
    return issue(issues);
  });
  const worker = await stage.start("w1", { deps, limits: { ...testLimits, maxRecords: 600 } });
  await until("the partition is paused", () => [...worker.status().values()].some(({ paused }) => paused));
  await stage.send(many(700, 2_000, "hot"));
  await worker.measure();
  const lagOf = () => [...worker.status().values()].reduce((sum, { lagRecords }) => sum + lagRecords, 0);
  assert.equal(lagOf(), 2_700);
  gate.resolve();
  await until("all are finished", () => lagOf() === 0);
  assert.ok([...worker.status().values()].every(({ lagMs }) => lagMs === 0));
  await worker.stop();
});

test("worker: counts ages, assignments and refused commits, once a round and not once a record", async () => {
  const stage = memoryStage(openCoupon("hot", 1_000));
  const broker = stage.broker.client("w1");
  let refused = 1;
  const log: Log = {
    ...broker,
    subscribe: async (options, listener) => {
      const subscription = await broker.subscribe(options, listener);
      return {
        ...subscription,
        commit: async (offsets) => {
          if (refused-- > 0) throw new CommitRefused("the test does");
          return subscription.commit(offsets);
        },
      };
    },
  };
  const seen = { aged: 0, records: 0, youngest: Number.POSITIVE_INFINITY, assigned: 0, commitRefused: 0 };
  const telemetry: Telemetry = {
    ...noTelemetry,
    aged: (_, ages) => {
      seen.aged += 1;
      seen.records += ages.length;
      for (const age of ages) seen.youngest = Math.min(seen.youngest, age);
    },
    assigned: () => (seen.assigned += 1),
    commitRefused: () => (seen.commitRefused += 1),
  };
  await stage.send(many(0, 300, "hot"));
  const worker = await stage.start("w1", { telemetry, log });
  await until("all are committed", () => committedOf(stage) === 300n);
  await worker.stop();
  assert.equal(seen.records, 300);
  assert.ok(seen.aged < 100, `${seen.aged} calls for 300 records`);
  assert.ok(seen.youngest >= 0);
  assert.deepEqual([seen.assigned, seen.commitRefused], [1, 1]);
});

test("worker: ends with the reason and commits nothing of the round when an error is fatal", async () => {
  const stage = memoryStage(openCoupon("hot", 10));
  const deps = stage.issuing(async () => {
    throw new Fatal("WRONG_SCHEMA", "the table is not ours");
  });
  await stage.send([request(1, "hot")]);
  const worker = await stage.start("w1", { deps });
  const why = await worker.ended;
  assert.ok(why instanceof Fatal);
  await worker.stop();
  assert.equal(committedOf(stage), 0n);
});

test("worker: refuses to start when a topic has another number of partitions than declared", async () => {
  const stage = memoryStage();
  stage.broker.createTopic(couponIssueRequests.name, 9);
  await assert.rejects(stage.start("w1"), /has 9 partitions, the topology declares 6/);
});

test("worker: loses no result when the log refuses appends or loses its answers", async () => {
  const stage = memoryStage(openCoupon("hot", 1_000));
  let n = 0;
  await stage.send(many(0, 300, "hot"));
  stage.broker.failAppends(() => (++n % 3 === 0 ? "answer lost" : n % 3 === 1 ? "refused" : undefined));
  const worker = await stage.start("w1");
  await until("all offsets are committed", () => committedOf(stage) === 300n);
  await worker.stop();
  const published = ids(await stage.read(couponsIssued));
  assert.deepEqual([...new Set(published)], ids(many(0, 300, "hot")));
});

test("worker: has its partitions share the bounds of the process when it has several", () => {
  const share = shareOf({ ...testLimits, maxRecords: 5_000, processMaxRecords: 6_000 }, 6);
  assert.equal(share.maxRecords, 1_000);
  assert.equal(shareOf({ ...testLimits, maxRecords: 500, processMaxRecords: 6_000 }, 6).maxRecords, 500);
});

test("worker: works on when a commit fails, with a logger whose methods need their object", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  const lines: string[] = [];
  const logger = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
  let failures = 3;
  const log = stage.broker.client("w1");
  const failing: Log = {
    ...log,
    partitionCount: log.partitionCount,
    append: log.append,
    close: log.close,
    subscribe: async (options, listener) => {
      const subscription = await log.subscribe(options, listener);
      const commit: Subscription["commit"] = async (offsets) => {
        if (failures-- > 0) throw new CommitRefused("rebalancing");
        await subscription.commit(offsets);
      };
      return { ...subscription, commit };
    },
  };
  await stage.send(many(0, 10, "hot"));
  const worker = await stage.start("w1", { log: failing, logger });
  await until("all is committed in the end", () => committedOf(stage) === 10n);
  await worker.stop();
  assert.equal(lines.filter((line) => line.includes("offsets were not committed")).length, 3);
});
