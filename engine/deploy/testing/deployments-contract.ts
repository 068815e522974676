/** What every {@link Deployments} does, the real one and the fake. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApplyLockLost, type Deployments, type NewDeployment, type NewOperation } from "../deployments.ts";
import { aDesired, aGraph } from "./documents.ts";

/** Deployments that nobody else uses meanwhile, and how their lock is lost. */
export interface DeploymentsSubject {
  readonly deployments: Deployments;
  /** A second process on the same store. */
  readonly other: Deployments;
  readonly loseLock: () => Promise<void>;
}

const anOperation: NewOperation = {
  actor: "ci",
  host: "h1",
  verb: "topology apply",
  reason: "because",
  document: { a: 1 },
};
const aDeployment = (over: Partial<NewDeployment> = {}): NewDeployment => ({
  clusterId: "cluster-1",
  document: aDesired(),
  besides: { shop: null },
  actor: "ci",
  ...over,
});

/** Registers the suite; the tests run one after another on one store. */
export const deploymentsContract = (name: string, subject: () => DeploymentsSubject): void => {
  const says = (what: string, body: (subject: DeploymentsSubject) => Promise<void>) =>
    test(`${name}: ${what}`, () => body(subject()));
  const locked = async <T>(on: Deployments, work: Parameters<Deployments["locked"]>[1]): Promise<T> => {
    const done = await on.locked(5_000, work);
    return (done ?? assert.fail("busy")).value as T; // What `work` answered.
  };

  says("has nothing, and makes its tables, when nothing was deployed", async ({ deployments }) => {
    assert.equal(await deployments.accepted("no-such-topology"), undefined);
    await deployments.migrate();
    assert.deepEqual(await deployments.pendingMigrations(), []);
    assert.equal(await deployments.numbered(1_000_000), undefined);
  });

  says(
    "answers the last deployment, and what may run of it, when two were recorded",
    async ({ deployments, other }) => {
      const first = await locked<number>(deployments, (lock) => lock.record(aDeployment()));
      const document = aDesired({ graph: aGraph("shop", ["check"]) });
      const beside = "0".repeat(64);
      const second = await locked<number>(other, (lock) =>
        lock.record(aDeployment({ document, besides: { shop: beside } })),
      );
      assert.equal(second, first + 1);
      const { deployedAt, ...latest } = (await deployments.latest()) ?? assert.fail();
      assert.deepEqual(latest, { ...aDeployment({ document, besides: { shop: beside } }), number: second });
      assert.ok(deployedAt > 0);
      const hash = document.topologies["shop"]?.hash;
      assert.deepEqual(await deployments.accepted("shop"), {
        ...{ deployment: second, hash, beside },
        group: document.topologies["shop"]?.group,
      });
      assert.deepEqual((await other.numbered(first))?.document, aDesired());
      assert.equal(await deployments.accepted("no-such-topology"), undefined);
    },
  );

  says("keeps operations, newest first, with the first result of each", async ({ deployments }) => {
    const [done, cutOff] = await locked<[number, number]>(deployments, async (lock) => {
      const one = await lock.begin(anOperation);
      await lock.end(one, "applied");
      await lock.end(one, "something else");
      return [one, await lock.begin({ ...anOperation, reason: null, actor: "누구" })] as const;
    });
    const [newest, before, ...rest] = await deployments.operations(2);
    assert.deepEqual(rest, []);
    assert.deepEqual(
      [newest?.number, newest?.actor, newest?.reason, newest?.endedAt, newest?.result],
      [cutOff, "누구", null, null, null],
    );
    assert.deepEqual(
      [before?.number, before?.host, before?.verb, before?.reason, before?.result],
      [done, "h1", "topology apply", "because", "applied"],
    );
    assert.ok((before?.endedAt ?? 0) >= (before?.startedAt ?? Number.POSITIVE_INFINITY));
  });

  says("lets one in at a time, and another after it has ended, also by throwing", async ({ deployments, other }) => {
    const inside = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const first = deployments.locked(0, async () => {
      inside.resolve();
      await leave.promise;
      throw new RangeError("its own error");
    });
    await inside.promise;
    assert.equal(await other.locked(0, async () => assert.fail("two at once")), undefined);
    const waiting = other.locked(5_000, async () => "in");
    leave.resolve();
    await assert.rejects(first, RangeError);
    assert.deepEqual(await waiting, { value: "in" });
  });

  says("refuses what needs the lock when it was lost", async ({ deployments, loseLock }) => {
    const latest = (await deployments.latest())?.number;
    const work = deployments.locked(0, async (lock) => {
      await lock.confirm();
      await loseLock();
      await assert.rejects(lock.confirm());
      await lock.record(aDeployment());
    });
    await assert.rejects(work, ApplyLockLost);
    assert.equal((await deployments.latest())?.number, latest);
  });
};
