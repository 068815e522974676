/** Dead letters of a worker, replayed through the feed of that worker: decided once, beside live records. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../engine/clock.ts";
import type { Letter } from "../../engine/dlq/letters/letter.ts";
import { packPlaces } from "../../engine/dlq/plan/ranges.ts";
import { readStandings } from "../../engine/dlq/read/read-standings.ts";
import { runReplay } from "../../engine/dlq/run/runner.ts";
import { memoryDlqCluster } from "../../engine/dlq/testing/memory-dlq.ts";
import { memoryReplays } from "../../engine/dlq/testing/memory-replays.ts";
import { Poison } from "../../engine/errors.ts";
import { couponIssueRequests } from "../../schemas/coupon.ts";
import { memoryStage, openCoupon, request, until } from "../../topology/testing/memory-stage.ts";

const of = { topology: "coupon-issuing", group: "test.coupon-issuing" };
const limits = { rate: 5_000, canary: 5, abortAtPercent: 50, maxLag: 10_000, maxAttempts: 3, wait: true };

/** Replays every open letter, as `sluice dlq replay` does. */
const replayOpen = async (stage: ReturnType<typeof memoryStage>) => {
  const [cluster, replays] = [memoryDlqCluster(stage.broker), memoryReplays()];
  const { standings, letterEnds, retryEnds } = await readStandings({ cluster, replays }, of);
  const letters = standings.flatMap(({ letter, state }) => (state === "open" ? [letter] : []));
  const document = {
    version: 1 as const,
    selection: {},
    letters: packPlaces(letters.map(({ place }) => place)),
    count: letters.length,
    letterEnds: letterEnds.map(String),
    retryEnds: retryEnds.map(String),
    limits,
  };
  const done = await replays.locked(of.topology, 0, async (lock) => {
    const operation = await lock.begin({ actor: "a", host: "h", verb: "dlq replay", reason: "r", document });
    const job = { id: "job-1", document, operation };
    await lock.create(job);
    const append = stage.broker.client("runner").append;
    const ports = { cluster, append, lock, clock: systemClock };
    return runReplay(ports, { ...of, job, epoch: 1, letters, sources: [couponIssueRequests.name], patienceMs: 30_000 });
  });
  return done?.value ?? assert.fail("busy");
};
const statesOf = async (stage: ReturnType<typeof memoryStage>): Promise<readonly string[]> => {
  const { standings } = await readStandings({ cluster: memoryDlqCluster(stage.broker), replays: undefined }, of);
  return standings.map(
    ({ letter, state }: { readonly letter: Letter; readonly state: string }) => `${letter.attempt} ${state}`,
  );
};

test("runReplay on a worker: settles letters once when what failed was mended, and tells which failed again", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  const [wrong, mended] = [
    request(3, "hot").reservationId,
    new Set([4, 5].map((n) => request(n, "hot").reservationId)),
  ];
  const deps = stage.issuing(async (issues, issue) => {
    const guilty = issues.find(({ reservationId }) => reservationId === wrong || mended.has(reservationId));
    if (guilty !== undefined) throw new Poison("BAD_ROW", "it does not fit", { idempotencyKey: guilty.reservationId });
    return issue(issues);
  });
  const worker = await stage.start("w1", { deps });
  await stage.send(Array.from({ length: 10 }, (_, n) => request(n, "hot")));
  await until("seven are issued, three are dead letters", () => stage.database.verdicts.size === 7);
  await until("three are dead letters", () => stage.deadLetters().length === 3);
  mended.clear();
  const live = Array.from({ length: 20 }, (_, n) => request(100 + n, "hot"));
  const [{ end, progress }] = await Promise.all([replayOpen(stage), stage.send(live)]);
  await until("live ones are issued too", () => stage.database.verdicts.size === 29);
  await worker.stop();
  assert.deepEqual([end, progress.sent, progress.resolved, progress.failedAgain], ["done", 3, 2, 1]);
  assert.deepEqual((await statesOf(stage)).toSorted(), ["1 failed-again", "1 resolved", "1 resolved", "2 open"]);
  // Every unit that was taken has its verdict: nothing is doubled, nothing is left held.
  assert.equal(stage.stock.counters.get(openCoupon("hot", 1).couponId)?.left, 100 - 29);
});

test("runReplay on a worker: doubles nothing when the effects of a letter in doubt had happened", async () => {
  const stage = memoryStage(openCoupon("hot", 100));
  const doubtful = request(3, "hot").reservationId;
  let isBroken = true;
  // It is done, and then nobody hears of it.
  const deps = stage.issuing(async (issues, issue) => {
    const answer = await issue(issues);
    if (isBroken && issues.some(({ reservationId }) => reservationId === doubtful)) throw new Error("no answer");
    return answer;
  });
  const worker = await stage.start("w1", { deps });
  await stage.send(Array.from({ length: 5 }, (_, n) => request(n, "hot")));
  await until("it is a dead letter", () => stage.deadLetters().length > 0);
  isBroken = false;
  const { end, progress } = await replayOpen(stage);
  await worker.stop();
  assert.deepEqual([end, progress.failedAgain, progress.pending], ["done", 0, 0]);
  assert.deepEqual(new Set(await statesOf(stage)), new Set(["1 resolved"]));
  assert.equal(stage.database.verdicts.size, 5);
  assert.equal(stage.stock.counters.get(openCoupon("hot", 1).couponId)?.left, 95);
});
