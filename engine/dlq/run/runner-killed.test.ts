/** A replay whose runner is killed, frozen or cut off at each point, and goes on: nothing is lost, and nothing sent twice but what has to be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../errors.ts";
import { type DlqWorld, dlqWorld, type RunningJob } from "../testing/memory-world.ts";

/** The end of a process: nobody handles it. */
class Killed extends Error {}

const killedAt = (point: number): (() => void) => {
  let points = 0;
  return () => {
    if (++points === point) throw new Killed();
  };
};

/** Runs until it was not killed. */
const resumed = async (world: DlqWorld, job: RunningJob) => {
  const { end, progress } = await world.run(job);
  assert.equal(end, "done");
  return progress;
};

test("runReplay: sends all when its runner was killed with the row written and nothing sent", async () => {
  const world = await dlqWorld();
  const job = await world.begin(await world.addLetters(30));
  await assert.rejects(world.run(job, {}, { onProve: killedAt(1) }), Killed);
  assert.equal(world.sent().length, 0);
  assert.equal((await world.replays.job(job.id))?.state, "running");
  assert.deepEqual([(await resumed(world, job)).sent, await world.states()], [30, { resolved: 30 }]);
});

test("runReplay: loses nothing and doubles nothing when its runner is killed before, at and after each append", async () => {
  let kills = 0;
  for (let point = 1; ; point += 1) {
    const world = await dlqWorld();
    const job = await world.begin(await world.addLetters(60), { rate: 10 });
    const kill = killedAt(point);
    // Each proof, the moment before an append, and the one after it, when nobody has heard its answer.
    const append: DlqWorld["append"] = async (to, records) => {
      kill();
      await world.append(to, records);
      kill();
    };
    const first = await world.run(job, {}, { append, onProve: kill }).catch((error: unknown) => {
      assert.ok(error instanceof Killed);
      return undefined;
    });
    if (first !== undefined) break;
    kills += 1;
    const progress = await resumed(world, job);
    assert.deepEqual([progress.sent, progress.copies, world.sent().length], [60, 0, 60], `killed at point ${point}`);
    assert.deepEqual(await world.states(), { resolved: 60 });
  }
  assert.ok(kills > 20, `${kills} points`);
});

test("runReplay: does not send again what was appended when the answer to an append is lost", async () => {
  const world = await dlqWorld();
  const job = await world.begin(await world.addLetters(90));
  let faults = 0;
  world.broker.failAppends(({ topic }) => (topic === "shop.retry" && faults++ % 2 === 0 ? "answer lost" : undefined));
  const { end, progress } = await world.run(job);
  assert.deepEqual([end, progress.sent, progress.copies, world.sent().length], ["done", 90, 0, 90]);
});

test("runReplay: appends again when an append was refused", async () => {
  const world = await dlqWorld();
  const job = await world.begin(await world.addLetters(90));
  let faults = 0;
  world.broker.failAppends(({ topic }) => (topic === "shop.retry" && faults++ % 3 < 2 ? "refused" : undefined));
  const { end, progress } = await world.run(job);
  assert.deepEqual([end, progress.sent, progress.copies], ["done", 90, 0]);
});

test("runReplay: doubles one batch at most, which counts once, when a frozen runner's append lands late", async () => {
  const world = await dlqWorld();
  const letters = await world.addLetters(60);
  const job = await world.begin(letters, { rate: 10 });
  const frozen = Promise.withResolvers<void>();
  const thawed = Promise.withResolvers<void>();
  let appends = 0;
  const append: DlqWorld["append"] = async (to, records) => {
    if (++appends === 3) {
      frozen.resolve();
      await thawed.promise;
    }
    await world.append(to, records);
  };
  const first = world.run(job, {}, { append });
  await frozen.promise;
  // The database has ended the frozen one's connection, and its lock with it.
  world.replays.loseLock("shop");
  assert.equal((await resumed(world, job)).copies, 0);
  thawed.resolve();
  const { end } = await first;
  assert.equal(end, "lost");
  assert.equal(world.sent().length, 70);
  await world.clock.sleep(1);
  assert.deepEqual(await world.states(), { resolved: 60 });
  assert.equal((await world.replays.job(job.id))?.state, "finished");
});

test("runReplay: only waits when its runner was killed with everything sent", async () => {
  const world = await dlqWorld();
  world.worker.speed = 0;
  const job = await world.begin(await world.addLetters(9));
  await assert.rejects(world.run(job, { onProgress: ({ sent }) => assert.ok(sent < 9) }), assert.AssertionError);
  world.worker.speed = 100;
  const never = () => Promise.reject(new assert.AssertionError({ message: "sent again" }));
  const { end, progress } = await world.run(job, {}, { append: never });
  assert.deepEqual([end, progress.resolved], ["done", 9]);
});

test("runReplay: sends nothing more when the database is away, and goes on when it is back", async () => {
  const world = await dlqWorld();
  const job = await world.begin(await world.addLetters(60), { rate: 10 });
  const onProgress = ({ sent }: { readonly sent: number }): void => {
    if (sent >= 20) world.replays.failure = new Unavailable("database", "refused");
  };
  const { end, progress } = await world.run(job, { onProgress });
  assert.equal(end, "database-away");
  assert.ok(progress.sent >= 20 && world.sent().length < 60);
  world.replays.failure = undefined;
  assert.deepEqual([(await resumed(world, job)).sent, world.sent().length], [60, 60]);
});

test("runReplay: waits for the log when it is away, and ends when it stays away", async () => {
  const world = await dlqWorld();
  const job = await world.begin(await world.addLetters(30));
  world.cluster.isAway = true;
  const waits = new Set<string | undefined>();
  const away = await world.run(job, { onProgress: ({ waitingFor }) => waits.add(waitingFor) });
  assert.deepEqual([away.end, [...waits]], ["log-away", ["the log"]]);
  world.cluster.isAway = false;
  assert.equal((await resumed(world, job)).sent, 30);
});

test("runReplay: ends as lost when another runner takes the job", async () => {
  const world = await dlqWorld();
  const job = await world.begin(await world.addLetters(60), { rate: 10 });
  let proofs = 0;
  const outcome = await world.run(
    job,
    {},
    {
      onProve: () => {
        if (++proofs === 6) world.replays.loseLock("shop");
      },
    },
  );
  assert.equal(outcome.end, "lost");
  assert.equal((await resumed(world, job)).sent, 60);
});

test("runReplay: changes nothing when a whole replay is run again", async () => {
  const world = await dlqWorld();
  const job = await world.begin(await world.addLetters(60));
  await resumed(world, job);
  const again = await world.run(job);
  assert.deepEqual([again.end, world.sent().length, await world.states()], ["done", 60, { resolved: 60 }]);
});
