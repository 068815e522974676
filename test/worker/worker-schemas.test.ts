/** Records that name schemas which nobody has, or which are not their topic's: what they hold up, and what becomes of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCodec } from "../../engine/avro/codec.ts";
import { couponIssueRequests, couponsIssued } from "../../schemas/coupon.ts";
import { memoryStageWith, openCoupon, request, testLimits, until } from "../../topology/testing/memory-stage.ts";

/** A stage whose unknown ids get `graceMs`, on a clock that a test moves; and what its registry is asked. */
const stageOf = (graceMs: number, broker: Parameters<typeof memoryStageWith>[0] = {}) => {
  const stage = memoryStageWith(broker, openCoupon("hot", 10_000), openCoupon("cold", 10_000));
  let at = 0;
  const asked: number[] = [];
  const source = {
    ...stage.registry,
    schemaOf: async (id: number, subjects: readonly string[]) => {
      asked.push(id);
      return stage.registry.schemaOf(id, subjects);
    },
  };
  const codec = createCodec({ source, now: () => at, unknownIdGraceMs: graceMs, questionsPerSecond: 100_000 });
  return { ...stage, codec, asked, pass: (ms: number) => (at += ms) };
};

const named = (id: number): Buffer => {
  const value = Buffer.alloc(40);
  value.writeInt32BE(id, 1);
  return value;
};

test("worker: decides the records of other keys while those of 1,500 unknown schema ids wait for their grace", async () => {
  const stage = stageOf(30_000);
  for (let n = 0; n < 1_500; n++) await stage.sendRaw("hot", named(1_000 + n));
  await stage.send([request(1, "hot"), request(2, "cold")]);
  const worker = await stage.start("w1", {
    codec: stage.codec,
    limits: { ...testLimits, maxRecords: 10_000, processMaxRecords: 60_000 },
    // The partition is quiet: nothing dilutes them.
    flood: { windowRecords: 1_000, minRecords: 100, maxShare: 0.5 },
  });
  await until("the cold one is issued", async () =>
    (await stage.read(couponsIssued)).some(({ couponId }) => couponId === "cold"),
  );
  assert.equal(stage.deadLetters().length, 0, "the grace is not over");
  assert.equal((await stage.read(couponsIssued)).length, 1, "the hot one keeps its place in its lane");
  await until("each was asked for", () => new Set(stage.asked).size >= 1_501);
  stage.pass(30_001);
  await until("all are dead-lettered", () => stage.deadLetters().length === 1_500);
  await until("the hot one is issued", async () => (await stage.read(couponsIssued)).length === 2);
  assert.equal(String(stage.deadLetters()[0]?.headers["_flow.err.code"]), "UNKNOWN_SCHEMA");
  assert.ok(stage.asked.length <= 2 * 1_501 + 10, `${stage.asked.length} questions`);
  await worker.stop();
});

test("worker: goes on with another key of the same partition while a schema is waited for, and ends at once when it is told to", async () => {
  const stage = stageOf(30_000);
  const { partitions } = couponIssueRequests;
  const { partitionOfKey } = await import("../../engine/log/producer/partitioner.ts");
  const home = partitionOfKey(Buffer.from("hot"), partitions);
  const beside = Array.from({ length: 100 }, (_, n) => `cold-${n}`).find(
    (name) => partitionOfKey(Buffer.from(name), partitions) === home,
  );
  assert.ok(beside !== undefined);
  stage.database.coupons.set(openCoupon(beside, 10).couponId, openCoupon(beside, 10));
  stage.database.remaining.set(openCoupon(beside, 10).couponId, 10);
  await stage.sendRaw("hot", named(77));
  await stage.send([request(1, beside)]);
  const worker = await stage.start("w1", {
    codec: stage.codec,
    limits: { ...testLimits, concurrency: 1, maxRound: 1 },
  });
  await until("it is issued", async () => (await stage.read(couponsIssued)).length === 1);
  assert.ok(worker.holding().some(({ call }) => call === "decode"));
  await worker.stop();
  assert.equal(stage.deadLetters().length, 0);
});

test("worker: goes on with a key that has a malformed record while an unknown schema id of another key waits", async () => {
  const stage = stageOf(30_000);
  const beside = await besideHot(stage);
  await stage.send([request(1, "hot")]);
  const worker = await stage.start("w1", { codec: stage.codec });
  await until("the schema is known", async () => (await stage.read(couponsIssued)).length === 1);
  await stage.sendRaw(beside, named(77));
  await until("the unknown one is asked for", () => stage.asked.includes(77));
  await stage.sendRaw("hot", Buffer.from("{}"));
  await stage.send([request(2, "hot")]);
  await until("it is issued", async () => (await stage.read(couponsIssued)).length === 2);
  assert.deepEqual(
    stage.deadLetters().map(({ key }) => String(key)),
    ["hot"],
  );
  await worker.stop();
});

/** A key of the partition that `hot` is in, whose coupon is open. */
const besideHot = async (stage: ReturnType<typeof stageOf>): Promise<string> => {
  const { partitionOfKey } = await import("../../engine/log/producer/partitioner.ts");
  const homeOf = (key: string) => partitionOfKey(Buffer.from(key), couponIssueRequests.partitions);
  const beside = Array.from({ length: 100 }, (_, n) => `beside-${n}`).find((key) => homeOf(key) === homeOf("hot"));
  assert.ok(beside !== undefined);
  const coupon = openCoupon(beside, 10);
  stage.database.coupons.set(coupon.couponId, coupon);
  stage.database.remaining.set(coupon.couponId, 10);
  return beside;
};
/** Each of one worker's six partitions has 50 records, and 200 more behind held keys. */
const narrow = { ...testLimits, maxRecords: 50, processMaxRecords: 300 };
/** So small that a delivery is less than a partition may have. */
const trickle = { fetchMaxRecords: 20 };
const requests = (count: number) => Array.from({ length: count }, (_, n) => request(n, "hot"));

test("worker: goes on with other keys when more waits behind one that is held than a partition may have of others", async () => {
  const stage = stageOf(30_000, trickle);
  const beside = await besideHot(stage);
  await stage.sendRaw("hot", named(77));
  await stage.send([...requests(150), request(1_000, beside)]);
  const worker = await stage.start("w1", { codec: stage.codec, limits: narrow });
  await until("the other is issued", async () => (await stage.read(couponsIssued)).length === 1);
  assert.equal(stage.deadLetters().length, 0, "the grace is not over");
  await worker.stop();
});

test("worker: pauses until the grace is over, and then decides all, when what waits behind a held key has filled the partition", async () => {
  const stage = stageOf(30_000, trickle);
  const beside = await besideHot(stage);
  await stage.sendRaw("hot", named(77));
  await stage.send([...requests(600), request(1_000, beside)]);
  const worker = await stage.start("w1", { codec: stage.codec, limits: narrow });
  await until("it is paused", () => [...worker.status().values()].some(({ paused }) => paused));
  stage.pass(30_001);
  await until("all are issued", async () => (await stage.read(couponsIssued)).length === 601);
  assert.equal(stage.deadLetters().length, 1);
  await worker.stop();
});

test("worker: decides all when the registry is back after what waits behind a held key has filled the partition", async () => {
  const stage = memoryStageWith(trickle, openCoupon("hot", 10_000));
  let isAway = true;
  const source = {
    ...stage.registry,
    schemaOf: async (id: number, subjects: readonly string[]) => {
      if (isAway && id === 500) throw new Error("away");
      return stage.registry.schemaOf(id, subjects);
    },
  };
  const codec = createCodec({ source, now: () => performance.now(), questionsPerSecond: 100_000 });
  stage.registry.schemas.set(500, couponIssueRequests.schema.avro);
  const late = Buffer.from((await stage.codec.encoder(couponIssueRequests))(request(9_999, "hot")));
  late.writeInt32BE(500, 1);
  await stage.sendRaw("hot", late);
  await stage.send(requests(600));
  const worker = await stage.start("w1", { codec, limits: narrow });
  await until("it is paused", () => [...worker.status().values()].some(({ paused }) => paused));
  assert.equal((await stage.read(couponsIssued)).length, 0);
  isAway = false;
  await until("all are issued", async () => (await stage.read(couponsIssued)).length === 601);
  assert.equal(stage.deadLetters().length, 0);
  await worker.stop();
});

test("worker: dead-letters bytes that name no schema, and holds nothing, however many there are", async () => {
  const stage = stageOf(30_000);
  const wrong = [Buffer.from("{}"), Buffer.alloc(0), Buffer.from([1, 0, 0, 0, 1]), named(0), named(-1)];
  for (let n = 0; n < 60; n++) for (const value of wrong) await stage.sendRaw("hot", value);
  await stage.send([request(1, "hot")]);
  const flood = { windowRecords: 1_000, minRecords: 100, maxShare: 0.5 };
  const worker = await stage.start("w1", { codec: stage.codec, flood });
  await until("all are dead-lettered", () => stage.deadLetters().length === 300);
  await until("the request is issued", async () => (await stage.read(couponsIssued)).length === 1);
  assert.deepEqual(worker.holding(), []);
  await worker.stop();
});

test("worker: sees no flood of dead letters when a third of what it begins with is malformed", async () => {
  const stage = stageOf(30_000);
  const { partitionOfKey } = await import("../../engine/log/producer/partitioner.ts");
  const homeOf = (key: string) => partitionOfKey(Buffer.from(key), couponIssueRequests.partitions);
  const beside = Array.from({ length: 2_000 }, (_, n) => `key-${n}`).filter((key) => homeOf(key) === homeOf("hot"));
  for (let n = 0; n < 120; n++) {
    await stage.sendRaw(beside[n] ?? "", Buffer.from("{}"));
    await stage.send([request(2 * n, "hot"), request(2 * n + 1, "hot")]);
  }
  const worker = await stage.start("w1", {
    codec: stage.codec,
    limits: { ...testLimits, maxRecords: 10_000, processMaxRecords: 60_000, concurrency: 1 },
    flood: { windowRecords: 1_000, minRecords: 100, maxShare: 0.5 },
  });
  await until("all are decided", async () => (await stage.read(couponsIssued)).length === 240);
  await until("the malformed ones are dead-lettered", () => stage.deadLetters().length === 120);
  await worker.stop();
});

test("worker: decides a lane in its order when its schema turns up", async () => {
  const stage = stageOf(30_000);
  const encode = await stage.codec.encoder(couponIssueRequests);
  const late = (n: number) => {
    const value = Buffer.from(encode(request(n, "hot")));
    value.writeInt32BE(500, 1);
    return value;
  };
  await stage.sendRaw("hot", late(1));
  await stage.send([request(2, "hot")]);
  await stage.sendRaw("hot", late(3));
  const worker = await stage.start("w1", { codec: stage.codec });
  await until("it was asked for", () => stage.asked.includes(500));
  stage.registry.schemas.set(500, couponIssueRequests.schema.avro);
  stage.pass(1_001);
  await until("all are issued", async () => (await stage.read(couponsIssued)).length === 3);
  const issued = await stage.read(couponsIssued);
  assert.deepEqual(
    issued.map(({ reservationId }) => reservationId),
    [1, 2, 3].map((n) => request(n, "hot").reservationId),
  );
  await worker.stop();
});
