/** Records that are large, many or make much: what a worker has in memory of them, and that it goes on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Log, LogRecord } from "../../engine/log/log.ts";
import { couponIssueRequests, couponsIssued } from "../../schemas/coupon.ts";
import { memoryStage, openCoupon, request, testLimits, until } from "../../topology/testing/memory-stage.ts";

const text = (value: unknown): string => String(value);

test("worker: dead-letters records of a megabyte without their bytes, and decides the others, when ids are as long as they may be on the wire", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  const encode = await stage.codec.encoder(couponIssueRequests);
  const long = "u".repeat(980_000);
  for (let n = 0; n < 60; n++) await stage.sendRaw("hot", encode(request(n, "hot", long)));
  await stage.send([request(100, "hot")]);
  const worker = await stage.start("w1");
  await until("all are dead-lettered", () => stage.deadLetters().length === 60);
  await until("the other is issued", async () => (await stage.read(couponsIssued)).length === 1);
  await worker.stop();
  for (const { key, value, headers } of stage.deadLetters()) {
    assert.deepEqual([key, value], [null, null]);
    assert.equal(text(headers["_flow.err.code"]), "RECORD_TOO_LARGE");
    assert.equal(text(headers["_flow.err.dropped"]), "key,value,headers");
    assert.equal(text(headers["_flow.err.key-bytes"]), "3");
    assert.ok(Number(text(headers["_flow.err.value-bytes"])) > 980_000);
    assert.equal(text(headers["_flow.err.topic"]), couponIssueRequests.name);
  }
});

test("worker: dead-letters a record without its bytes when its key or its headers are too large", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  const encode = await stage.codec.encoder(couponIssueRequests);
  const large = Buffer.alloc(900_000, "h");
  await stage.sendRaw("k".repeat(900_000), encode(request(1, "hot")));
  await stage.sendRaw("hot", encode(request(2, "hot")), { large });
  await stage.sendRaw(
    "hot",
    encode(request(3, "hot")),
    Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`h${n}`, Buffer.alloc(1)])),
  );
  await stage.send([request(4, "hot")]);
  const worker = await stage.start("w1");
  await until("they are dead-lettered", () => stage.deadLetters().length === 3);
  await until("the other is issued", async () => (await stage.read(couponsIssued)).length === 1);
  await worker.stop();
  assert.deepEqual(
    new Set(stage.deadLetters().map(({ headers }) => text(headers["_flow.err.code"]))),
    new Set(["RECORD_TOO_LARGE"]),
  );
});

test("worker: pauses a partition by the bytes of what is in flight and not only of what is queued", async () => {
  const stage = memoryStage(openCoupon("hot", 10_000));
  const answer = Promise.withResolvers<void>();
  const deps = stage.issuing(async (issues, issue) => {
    await answer.promise;
    return issue(issues);
  });
  await stage.send(Array.from({ length: 100 }, (_, n) => request(n, "hot")));
  const worker = await stage.start("w1", { deps, limits: { ...testLimits, maxBytes: 2_000 } });
  await until("it is paused with nothing queued", () =>
    [...worker.status().values()].some(
      ({ paused, queuedRecords, inFlightRecords }) => paused && queuedRecords === 0 && inFlightRecords > 0,
    ),
  );
  answer.resolve();
  await until("all are issued", async () => (await stage.read(couponsIssued)).length === 100);
  await until("it is resumed", () => [...worker.status().values()].every(({ paused }) => !paused));
  await worker.stop();
});

test("worker: takes rounds by bytes when records are large, and one record where it alone is larger", async () => {
  const stage = memoryStage(openCoupon("hot", 10_000));
  const rounds: number[] = [];
  const deps = stage.issuing(async (issues, issue) => {
    rounds.push(issues.length);
    return issue(issues);
  });
  await stage.send(Array.from({ length: 30 }, (_, n) => request(n, "hot")));
  const worker = await stage.start("w1", { deps, limits: { ...testLimits, maxRoundBytes: 1 } });
  await until("all are issued", async () => (await stage.read(couponsIssued)).length === 30);
  await worker.stop();
  assert.deepEqual(rounds, Array(30).fill(1));
});

test("worker: goes on behind a batch that no decoder reads, however many records it says it has", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  for (let n = 0; n < 300; n++) await stage.sendRaw("hot", Buffer.from("garbage"));
  await stage.send([request(1, "hot")]);
  const own = stage.broker.client("w1");
  // As the log of Kafka does for each offset of a batch with a wrong checksum.
  const unread = (record: LogRecord): LogRecord =>
    record.value?.toString() === "garbage"
      ? { ...record, key: null, value: null, unreadable: "its checksum is wrong" }
      : record;
  const log: Log = {
    ...own,
    subscribe: (options, listener) =>
      own.subscribe(options, {
        ...listener,
        records: (from, records, end) => listener.records(from, records.map(unread), end),
      }),
  };
  const flood = { windowRecords: 1_000, minRecords: 50, maxShare: 0.5 };
  const worker = await stage.start("w1", { log, flood });
  await until("the other is issued", async () => (await stage.read(couponsIssued)).length === 1);
  await until("each offset has its letter", () => stage.deadLetters().length === 300);
  await worker.stop();
  assert.equal(text(stage.deadLetters()[0]?.headers["_flow.err.code"]), "UNREADABLE_BATCH");
});
