/** Requests that somebody else than the API wrote: whoever may append to the topic gets no coupon by it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mintWith } from "../../dev/mint.ts";
import { withChecks } from "../../engine/flow/source-check.ts";
import { retryTopic, toRetryRecord } from "../../engine/worker/round/retry-record.ts";
import { couponChecks } from "../../ops/processes/coupon-checks.ts";
import { couponsIssued } from "../../schemas/coupon.ts";
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import { memoryStage, openCoupon, request, until } from "../../topology/testing/memory-stage.ts";

const secrets = [Buffer.alloc(32, 1)];
const tokens = { tokenSecret: Buffer.alloc(32, 1), tokens: { secrets } };
const mint = mintWith(tokens);
const topology = withChecks(couponIssuing, couponChecks(tokens));
const proven = (n: number) => {
  const one = request(n, "hot");
  return { ...one, reservationId: mint(one.userId) };
};

test("worker: issues nothing and dead-letters the record when its reservation's id was not minted for its user", async () => {
  const stage = memoryStage(openCoupon("hot", 10));
  const worker = await stage.start("w1", { topology });
  const anothers = { ...proven(3), userId: request(4, "hot").userId };
  await stage.send([proven(1), request(2, "hot"), anothers, proven(5)]);
  await until("two are issued", () => stage.database.verdicts.size === 2);
  await until("two are dead letters", () => stage.deadLetters().length === 2);
  await worker.stop();
  const said = stage.deadLetters().map(({ headers }) => String(headers["_flow.err.code"]));
  assert.deepEqual(said, ["WRONG_RECORD", "WRONG_RECORD"]);
  const users = (await stage.read(couponsIssued)).map(({ userId }) => String(userId));
  assert.deepEqual(users, ["user-1", "user-5"]);
});

test("worker: refuses a replayed letter again when its reservation's id was not minted for its user", async () => {
  const stage = memoryStage(openCoupon("hot", 10));
  const worker = await stage.start("w1", { topology });
  await stage.send([request(1, "hot")]);
  await until("it is a dead letter", () => stage.deadLetters().length === 1);
  const [letter] = stage.deadLetters();
  assert.ok(letter !== undefined);
  const partition = Number(String(letter.headers["_flow.err.partition"]));
  const topic = retryTopic(couponIssuing.graph.name);
  await stage.broker.client("runner").append({ topic, partition }, [toRetryRecord(letter, "job-1")]);
  await until("it is a dead letter once more", () => stage.deadLetters().length === 2);
  await worker.stop();
  assert.equal(stage.database.verdicts.size, 0);
});
