/** What every {@link Replays} does, the real one and the fake. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { NewOperation } from "../../deploy/deployments.ts";
import type { JobDocument } from "../jobs/job.ts";
import { type ReplayLock, ReplayLockLost, type Replays } from "../jobs/replays.ts";
import { originKey } from "../letters/letter.ts";
import type { Origin } from "../../worker/round/letter-headers.ts";

/** Replays that nobody else uses meanwhile, and how a lock is lost. */
export interface ReplaysSubject {
  readonly replays: Replays;
  /** A second process on the same store. */
  readonly other: Replays;
  readonly loseLock: (topology: string) => Promise<void>;
}

/** The host of every operation that the suite writes. */
export const contractHost = "replays-contract";
const anOperation: NewOperation = {
  actor: "ops",
  host: contractHost,
  verb: "dlq replay",
  reason: "INC-1",
  document: {},
};
const aDocument: JobDocument = {
  version: 1,
  selection: { code: "WRONG", since: 5 },
  letters: { 0: "1-3" },
  count: 3,
  letterEnds: ["4", "0"],
  retryEnds: ["0"],
  limits: { rate: 200, canary: 20, abortAtPercent: 20, maxLag: 10_000, maxAttempts: 3, wait: true },
};
const origin = (offset: bigint, timestampMs = 1_000): Origin => ({ topic: "in", partition: 1, offset, timestampMs });
const keys = (origins: readonly Origin[]): readonly string[] => origins.map(originKey).toSorted();

/** Registers the suite; the tests run one after another on one store, each on a topology of its own. */
export const replaysContract = (name: string, subject: () => ReplaysSubject): void => {
  const says = (what: string, body: (subject: ReplaysSubject, topology: string) => Promise<void>) =>
    test(`${name}: ${what}`, () => body(subject(), `shop-${randomUUID()}`));
  const locked = async <T>(on: Replays, topology: string, work: (lock: ReplayLock) => Promise<T>): Promise<T> =>
    ((await on.locked(topology, 5_000, work)) ?? assert.fail("busy")).value;
  const started = (on: Replays, topology: string): Promise<string> =>
    locked(on, topology, async (lock) => {
      const id = randomUUID();
      await lock.create({ id, document: aDocument, operation: await lock.begin(anOperation) });
      return id;
    });

  says("has nothing when nothing was done", async ({ replays }, topology) => {
    assert.deepEqual([await replays.discards(topology), await replays.jobs(topology, 10)], [[], []]);
    assert.deepEqual([await replays.job(randomUUID()), await replays.isLocked(topology)], [undefined, false]);
  });

  says("answers a job as it was written, by the beginning of its id too", async ({ replays, other }, topology) => {
    const id = await started(replays, topology);
    const job = (await other.job(id.slice(0, 13))) ?? assert.fail("no job");
    const { operation, startedAt, ...rest } = job;
    const about = { state: "running", runnerEpoch: 1, actor: "ops", reason: "INC-1" };
    assert.deepEqual(rest, { id, topology, document: aDocument, ...about });
    assert.ok(operation > 0 && startedAt > 0);
    assert.deepEqual(await other.jobs(topology, 1), [job]);
    for (const none of ["%", ""]) assert.equal(await other.job(none), undefined);
  });

  says("lets one in at a time for each topology", async ({ replays, other }, topology) => {
    const inside = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const first = replays.locked(topology, 0, async () => {
      inside.resolve();
      await leave.promise;
      throw new RangeError("its own error");
    });
    await inside.promise;
    assert.equal(await other.locked(topology, 0, async () => assert.fail("two at once")), undefined);
    assert.equal(await other.isLocked(topology), true);
    assert.deepEqual(await other.locked(`${topology}-2`, 0, async () => "in"), { value: "in" });
    leave.resolve();
    await assert.rejects(first, RangeError);
    assert.deepEqual(await other.locked(topology, 5_000, async () => "in"), { value: "in" });
  });

  says("refuses a runner when another one took its job", async ({ replays, other }, topology) => {
    const id = await started(replays, topology);
    await locked(replays, topology, async (lock) => {
      const epoch = await lock.takeOver(id);
      assert.equal(epoch, 2);
      assert.equal(await lock.prove(id, epoch), "running");
      await assert.rejects(lock.prove(id, 1), ReplayLockLost);
      await lock.settle(id, 1, "finished");
      assert.equal(await lock.prove(id, epoch), "running");
    });
    await locked(other, topology, (lock) => lock.takeOver(id));
    await locked(replays, topology, (lock) => assert.rejects(lock.prove(id, 2), ReplayLockLost));
  });

  says("refuses what needs the lock when it was lost", async ({ replays, loseLock }, topology) => {
    const id = await started(replays, topology);
    const work = replays.locked(topology, 0, async (lock) => {
      const epoch = await lock.takeOver(id);
      await loseLock(topology);
      await lock.prove(id, epoch);
    });
    await assert.rejects(work, ReplayLockLost);
    const later = replays.locked(topology, 0, async (lock) => {
      await loseLock(topology);
      await lock.discard([origin(1n)], 1);
    });
    await assert.rejects(later, ReplayLockLost);
    assert.deepEqual(await replays.discards(topology), []);
  });

  says("leaves a job interrupted when its runner is gone and another job begins", async ({ replays }, topology) => {
    const first = await started(replays, topology);
    const second = await started(replays, topology);
    const states = (await replays.jobs(topology, 10)).map(({ id, state, runnerEpoch }) => [id, state, runnerEpoch]);
    assert.deepEqual(
      states.toSorted(),
      [
        [first, "interrupted", 2],
        [second, "running", 1],
      ].toSorted(),
    );
  });

  says("pauses and cancels a job while its runner has the lock", async ({ replays, other }, topology) => {
    const id = await started(replays, topology);
    await locked(replays, topology, async (lock) => {
      assert.equal(await other.ask(id, "paused", anOperation), true);
      assert.equal(await lock.prove(id, 1), "paused");
      await lock.settle(id, 1, "finished");
      assert.equal(await lock.prove(id, 1), "paused");
      assert.equal(await other.ask(id, "cancelled", anOperation), true);
      assert.equal(await other.ask(id, "paused", anOperation), false);
      assert.equal(await lock.prove(id, 1), "cancelled");
    });
    assert.equal(await other.ask(randomUUID(), "paused", anOperation), false);
  });

  says("ends a job once", async ({ replays }, topology) => {
    const id = await started(replays, topology);
    await locked(replays, topology, (lock) => lock.settle(id, 1, "finished"));
    await locked(replays, topology, (lock) => lock.settle(id, 1, "interrupted"));
    assert.equal((await replays.job(id))?.state, "finished");
    assert.equal(await replays.ask(id, "cancelled", anOperation), false);
  });

  says("keeps discards apart by topic made anew, and takes them back", async ({ replays, other }, topology) => {
    const all = [origin(1n), origin(1n, 2_000), origin(2n ** 40n)];
    await locked(replays, topology, async (lock) => {
      const operation = await lock.begin(anOperation);
      assert.equal(await lock.discard(all, operation), 3);
      assert.equal(await lock.discard(all.slice(1), operation), 0);
      await lock.end(operation, "discarded");
    });
    assert.deepEqual(keys(await other.discards(topology)), keys(all));
    assert.deepEqual(await other.discards(`${topology}-2`), []);
    assert.equal(await locked(other, topology, (lock) => lock.restore([origin(1n), origin(9n)])), 1);
    assert.deepEqual(keys(await replays.discards(topology)), keys(all.slice(1)));
  });

  says("takes many discards at once", async ({ replays }, topology) => {
    const many = Array.from({ length: 2_500 }, (_, n) => origin(BigInt(n)));
    const [added, removed] = await locked(replays, topology, async (lock) => {
      const operation = await lock.begin(anOperation);
      return [await lock.discard(many, operation), await lock.restore(many)] as const;
    });
    assert.deepEqual([added, removed, await replays.discards(topology)], [2_500, 2_500, []]);
  });
};
